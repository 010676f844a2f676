defmodule Case do
  def atom, do: :ok
  def number, do: 1.5
  def string, do: "text"
  def charlist, do: 'text'
  def char, do: ?a
  def module, do: Case.Other
  def keywords, do: [a: 1, b: 2]
  def tuple(x), do: {x, x}
  def map(x), do: %{x: x}
  def bits(x), do: <<x::4, 0::4>>
end
