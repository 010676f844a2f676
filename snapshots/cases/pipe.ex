defmodule Case do
  def library(list) do
    list
    |> Enum.map(&(&1 + 1))
    |> Enum.sum()
  end

  def local(list), do: list |> Enum.map(&(&1 + 1)) |> total(0)

  def remote(list) do
    list
    |> Enum.sort()
    # cheapest first
    |> Shop.Report.print()
  end

  def anonymous(x, fun), do: x |> fun.()

  defp total([], sum), do: sum
  defp total([head | tail], sum), do: total(tail, sum + head)
end
