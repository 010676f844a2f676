defmodule Case do
  for {name, value} <- [one: 1, two: 2] do
    def unquote(name)(), do: unquote(value)
  end

  if Mix.env() == :test do
    def only_in_tests(x), do: x
  end

  def unquote(:three)(), do: 3
  def four, do: unquote(4)
end
