defmodule Case do
  def bound(x) do
    result = other(x)
  end

  def matched(x) do
    {:ok, value} = other(x)
  end

  defp other(x), do: {:ok, x}
end
