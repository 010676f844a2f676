defmodule Case do
  def value(map) do
    map
    |> Map.fetch(:a)
    |> case do
      {:ok, a} -> a
      :error -> value(%{a: 1})
    end
  end

  def other(map) do
    map
    |> Map.has_key?(:a)
    |> if do
      value(map)
    end
  end
end
