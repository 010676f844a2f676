defmodule Case do
  defstruct [:name]

  defimpl String.Chars do
    def to_string(%{name: name}), do: "case " <> name
  end
end

defimpl Inspect, for: Case do
  def inspect(term, _opts) do
    "#Case<" <> term.name <> ">"
  end
end
