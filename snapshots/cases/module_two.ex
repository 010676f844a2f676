defmodule Case.First do
  def same(x), do: x
end

defmodule Case.Second do
  def same(x), do: Case.First.same(x)
end
