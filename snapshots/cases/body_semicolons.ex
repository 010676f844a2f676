defmodule Case do
  def f(x) do; x; end
  def g(x) do y = x; y; end
end
