defprotocol Shop.Describe do
  @moduledoc """
  One line of human text for anything the shop handles.

  Structs get an implementation with `@derive {Shop.Describe, only: [...]}`.
  """

  @fallback_to_any true

  @doc "Describes `term` in one line."
  @spec line(t) :: String.t()
  def line(term)
end

defimpl Shop.Describe, for: Integer do
  def line(1), do: "1 piece"
  def line(n), do: "#{n} pieces"
end

defimpl Shop.Describe, for: BitString do
  def line(text) when is_binary(text), do: text
  def line(bits), do: "#{bit_size(bits)} bits"
end

defimpl Shop.Describe, for: List do
  def line([]), do: "nothing"
  def line(list), do: Enum.map_join(list, ", ", &Shop.Describe.line/1)
end

defimpl Shop.Describe, for: Tuple do
  def line({quantity, thing}), do: "#{quantity} × #{Shop.Describe.line(thing)}"
  def line(other), do: inspect(other)
end

defimpl Shop.Describe, for: Any do
  defmacro __deriving__(module, struct, options) do
    fields = Keyword.get(options, :only, Map.keys(struct) -- [:__struct__])

    quote do
      defimpl Shop.Describe, for: unquote(module) do
        def line(term), do: Shop.Describe.Fields.render(term, unquote(fields))
      end
    end
  end

  def line(term), do: inspect(term)
end

defmodule Shop.Describe.Fields do
  @moduledoc "What a derived `Shop.Describe` implementation calls."

  @doc "Renders the chosen fields of a struct as `Name(field: value)`."
  @spec render(struct(), [atom()]) :: String.t()
  def render(%module{} = struct, fields) do
    values = for field <- fields, do: "#{field}: #{struct |> Map.fetch!(field) |> inspect()}"
    "#{module |> Module.split() |> List.last()}(#{Enum.join(values, ", ")})"
  end
end
