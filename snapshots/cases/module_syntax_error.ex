defmodule Case do
  def half(number) do
    number / 2

  def twice(number), do: 2 * number
end
