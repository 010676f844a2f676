defmodule Case do
  def only(size: size), do: size
  def last(name, do: block), do: {name, block}
end
