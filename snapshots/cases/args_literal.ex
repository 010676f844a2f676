defmodule Case do
  def day(:monday), do: 1
  def day("tuesday"), do: 2
  def day(-1), do: 0
  def day(nil), do: nil
end
