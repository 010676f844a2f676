defmodule Case do
  def remember(x) do
    y = x + 1
  end

  def matched(x), do: {:ok, _} = x
end
