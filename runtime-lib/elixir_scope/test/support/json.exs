defmodule ElixirScope.Test.Json do
  @moduledoc """
  Reads what commands print with `--format json`; OTP 25 has no reader.
  """

  @token ~r/"(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]+/

  @doc "The value that a text holds: maps with strings as keys, lists, and so on."
  def decode!(text) do
    {value, []} = @token |> Regex.scan(text) |> Enum.map(&hd/1) |> value()
    value
  end

  defp value(["{", "}" | rest]), do: {%{}, rest}
  defp value(["{" | rest]), do: members(rest, %{})
  defp value(["[", "]" | rest]), do: {[], rest}
  defp value(["[" | rest]), do: items(rest, [])
  defp value([literal | rest]), do: {literal(literal), rest}

  defp members([key, ":" | rest], map) do
    case value(rest) do
      {value, ["," | rest]} -> members(rest, Map.put(map, literal(key), value))
      {value, ["}" | rest]} -> {Map.put(map, literal(key), value), rest}
    end
  end

  defp items(rest, items) do
    case value(rest) do
      {value, ["," | rest]} -> items(rest, [value | items])
      {value, ["]" | rest]} -> {Enum.reverse(items, [value]), rest}
    end
  end

  defp literal("null"), do: nil
  defp literal("true"), do: true
  defp literal("false"), do: false

  defp literal(<<?", quoted::binary>>) do
    text = binary_part(quoted, 0, byte_size(quoted) - 1)
    Regex.replace(~r/\\(?:u([0-9a-fA-F]{4})|(.))/, text, &escaped/3)
  end

  defp literal(number) do
    case Integer.parse(number) do
      {integer, ""} -> integer
      _ -> String.to_float(number)
    end
  end

  # Characters beyond 16 bits are written as they are.
  defp escaped(_, code, ""), do: <<String.to_integer(code, 16)::utf8>>
  defp escaped(_, _, "n"), do: "\n"
  defp escaped(_, _, "t"), do: "\t"
  defp escaped(_, _, "r"), do: "\r"
  defp escaped(_, _, "b"), do: "\b"
  defp escaped(_, _, "f"), do: "\f"
  defp escaped(_, _, same), do: same
end
