defmodule Case do
  def sum(a, b, c, d, e, f, g, h, i, j, k) do
    a + b + c + d + e + f + g + h + i + j + k
  end
end
