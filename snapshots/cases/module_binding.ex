defmodule Case do
  def variables(x) do
    y = x + 1
    binding()
  end

  def printed(x) do
    dbg()
    x
  end

  def piped(x), do: x |> abs() |> dbg()
  def others(x), do: x
end
