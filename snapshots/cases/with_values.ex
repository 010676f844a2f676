defmodule Case do
  def sum(map) do
    with {:ok, a} <- Map.fetch(map, :a),
         {:ok, b} <- Map.fetch(map, :b) do
      a + b
    end
  end
end
