defmodule ElixirScope.Test.NodeMap do
  @moduledoc """
  Reads a node map, written from the tables in `runtime-lib/wire` and sharing no code
  with what writes it.
  """
  import Bitwise

  @kinds {nil, :clause, :value, :tail_call, :body_value, :node, :branch, :bound, :handler, :point}

  @doc "The nodes of a map, by id."
  def read(path) do
    <<"ESCOPE", 0x1A, "M", 2::little-32, nodes::little-32, arities::little-32, names::little-32,
      bytes::little-32, 0::32, _digest::binary-16, 0::128, rest::binary>> = File.read!(path)

    <<entries::binary-size(nodes)-unit(224), functions::binary-size(arities)-unit(96),
      modules::binary-size(names)-unit(64), strings::binary-size(bytes)>> = rest

    for <<entry::binary-28 <- entries>>, into: %{} do
      <<id::little-64, parent::little-32, function::little-32, label::little-32, start::little-32,
        _extent::little-32>> = entry

      <<module::little-32, name::little-32, arity::little-32>> =
        binary_part(functions, (function &&& 0xFFFFFF) * 12, 12)

      <<module::little-32, file::little-32>> = binary_part(modules, module * 8, 8)
      [module, name, file, label] = Enum.map([module, name, file, label], &string(strings, &1))

      {id,
       %{
         function: "#{module}.#{name}/#{arity}",
         kind: elem(@kinds, function >>> 24),
         parent: if(parent != 0xFFFFFFFF, do: id_at(entries, parent)),
         file: file,
         line: start >>> 12,
         label: label
       }}
    end
  end

  defp id_at(entries, number) do
    <<id::little-64>> = binary_part(entries, number * 28, 8)
    id
  end

  defp string(strings, offset) do
    <<_::binary-size(offset), rest::binary>> = strings
    {length, rest} = varint(rest)
    binary_part(rest, 0, length)
  end

  defp varint(<<0::1, value::7, rest::binary>>), do: {value, rest}

  defp varint(<<1::1, low::7, rest::binary>>) do
    {high, rest} = varint(rest)
    {high <<< 7 ||| low, rest}
  end
end
