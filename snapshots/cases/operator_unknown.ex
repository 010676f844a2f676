defmodule Case do
  import Bitwise
  import Shop.Operators

  def known(a, b), do: a &&& b
  def unknown(a, b), do: a ~> b

  def branch(a, b) do
    if a do
      a <~> b
    end
  end
end
