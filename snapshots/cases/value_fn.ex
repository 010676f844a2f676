defmodule Case do
  def adder(n) do
    fn x -> x + n end
  end

  def clauses do
    fn
      0 -> zero()
      n when n > 0 -> zero() + n
    end
  end

  defp zero, do: 0
end
