defmodule Case do
  @compile {:inline, fast: 1}

  def fast(x), do: x + 1
  def slow(x), do: fast(x)
end
