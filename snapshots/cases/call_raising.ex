defmodule Case do
  def one, do: raise("no")
  def two(x), do: raise(ArgumentError, message: inspect(x))
  def three(x), do: throw(x)
  def four, do: exit(:normal)
  def five(x), do: :erlang.error(x)

  def six(x) do
    if x do
      x
    else
      raise "no"
    end
  end
end
