defmodule Case do
  def all?([]), do: true
  def all?([head | tail]), do: head > 0 && all?(tail)
  def words?([head | tail]), do: head > 0 and words?(tail)
  def values?(a, b), do: a && b
  def last?(a), do: all?(a) && a
end
