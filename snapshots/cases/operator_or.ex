defmodule Case do
  def any?([]), do: false
  def any?([head | tail]), do: head > 0 || any?(tail)
  def words?([head | tail]), do: head > 0 or words?(tail)
  def fallback(a), do: a || raise("nothing")
end
