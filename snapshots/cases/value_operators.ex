defmodule Case do
  def arithmetic(a, b), do: a + b * 2
  def comparison(a, b), do: a >= b
  def concatenation(a, b), do: a <> b ++ b
  def membership(a, b), do: a not in b
  def negation(a), do: !a
  def negation_word(a), do: not is_nil(a)
  def range(a, b), do: a..b//2
  def capture, do: &(&1 + 1)
  def named_capture, do: &String.trim/1
  def minus(a), do: -a
end
