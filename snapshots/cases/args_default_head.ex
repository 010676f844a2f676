defmodule Case do
  def take(list, count \\ 1)

  def take(list, 0), do: list
  def take(list, count), do: {list, count}
end
