defmodule Case do
  def probe(x), do: :scope_probe.enter(1, x)
end
