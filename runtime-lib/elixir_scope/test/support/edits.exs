defmodule ElixirScope.Test.Edits do
  @moduledoc """
  Random changes of terms, as programs make them: most of the term stays what it is, in
  memory too. With `:rand`, which the caller seeds.
  """

  alias ElixirScope.Test.Terms

  @doc "The term with some part of it changed, added or taken away."
  def edit(term) do
    case :rand.uniform(12) do
      1 -> Terms.leaf()
      2 -> rebuilt(term)
      _ -> part(term)
    end
  end

  defp part(list) when is_list(list) and list != [], do: list(list, :rand.uniform(9))

  defp part(map) when is_map(map) and not is_struct(map) and map_size(map) > 0,
    do: map(map, :rand.uniform(6))

  defp part(%module{} = struct) do
    field = struct |> Map.from_struct() |> Map.keys() |> Enum.random()
    struct(module, Map.update!(Map.from_struct(struct), field, &edit/1))
  end

  defp part(tuple) when is_tuple(tuple) and tuple_size(tuple) > 0 do
    place = :rand.uniform(tuple_size(tuple)) - 1
    put_elem(tuple, place, edit(elem(tuple, place)))
  end

  defp part(binary) when is_binary(binary), do: binary(binary, :rand.uniform(4))
  defp part([]), do: [Terms.leaf()]
  defp part(_), do: Terms.leaf()

  defp list(list, 1), do: [Terms.leaf() | list]
  defp list(list, 2), do: tl(list)
  defp list(list, 3), do: if(proper?(list), do: list ++ [Terms.leaf()], else: [1 | list])
  defp list(list, 4), do: if(proper?(list), do: tl(list) ++ [Terms.leaf()], else: tl(list))
  defp list(list, 5), do: if(proper?(list), do: Enum.drop([Terms.leaf() | list], -1), else: list)
  defp list(list, 6), do: if(proper?(list), do: List.delete_at(list, place(list)), else: [list])
  defp list(list, 7), do: if(proper?(list), do: list ++ Terms.leaf(), else: [])
  defp list([first | rest], 8), do: [first | if(rest == [], do: [], else: edit(rest))]

  defp list(list, 9) do
    if proper?(list),
      do: List.update_at(list, place(list), &edit/1),
      else: [edit(hd(list)) | tl(list)]
  end

  defp proper?(list), do: :erlang.is_list(list) and List.improper?(list) == false
  defp place(list), do: :rand.uniform(length(list)) - 1

  defp map(map, 1), do: Map.put(map, Terms.leaf(), Terms.leaf())
  defp map(map, 2), do: Map.delete(map, key(map))
  defp map(map, 3), do: Enum.reduce(1..40, map, &Map.put(&2, &1, &1))
  defp map(map, 4), do: Enum.reduce(1..40, map, &Map.delete(&2, &1))
  defp map(map, 5), do: Map.put(map, Enum.random([:password, "token"]), Terms.leaf())
  defp map(map, 6), do: Map.update!(map, key(map), &edit/1)

  defp key(map), do: map |> Map.keys() |> Enum.random()

  defp binary(binary, 1), do: binary <> "appended"
  defp binary(binary, 2), do: binary_part(binary, 0, div(byte_size(binary), 2))
  defp binary(binary, 3), do: "in front" <> binary

  defp binary(binary, 4) do
    half = div(byte_size(binary), 2)
    binary_part(binary, 0, half) <> "!" <> binary_part(binary, half, byte_size(binary) - half)
  end

  # Equal, but shared with nothing.
  defp rebuilt(term), do: :erlang.binary_to_term(:erlang.term_to_binary(term))

  @doc "What a reader sees of a term: no functions, and no secrets."
  def seen(function) when is_function(function), do: {:elixir_scope, {:omitted, :term, 0}}
  def seen([head | tail]), do: [seen(head) | seen(tail)]
  def seen({name, value}), do: {seen(name), value(name, value)}
  def seen(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> seen() |> List.to_tuple()

  def seen(map) when is_map(map),
    do:
      :maps.from_list(for {key, value} <- :maps.to_list(map), do: {seen(key), value(key, value)})

  def seen(other), do: other

  defp value(name, _) when name in [:password, "token"], do: {:elixir_scope, :redacted}
  defp value(_, value), do: seen(value)
end
