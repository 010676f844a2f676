defmodule Case do
  def shown(x), do: inspect(not x)
  def spaced(x), do: inspect not x
  def kept(x), do: shown(not x)
  def refused(x), do: not shown x
end
