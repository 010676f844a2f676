defmodule Case do
  def(same(x), do: x)

  def(twice(x)) do
    2 * x
  end
end
