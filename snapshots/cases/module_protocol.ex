defprotocol Case do
  @fallback_to_any true

  @doc "Describes."
  def describe(term)
end

defimpl Case, for: [Integer, Float] do
  def describe(number), do: {:number, number}
end

defimpl Case, for: Any do
  def describe(term), do: {:any, term}
end
