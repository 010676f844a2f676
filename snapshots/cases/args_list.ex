defmodule Case do
  def first([head | _tail]), do: head
  def first([]), do: nil
end
