defmodule Case do
  def same(x), do: x
end
