defmodule Case do
  def values(map), do: Map.values(map)
  def mapped(list), do: Enum.map(list, fn x -> x + 1 end)
  def reversed(list), do: :lists.reverse(list)
  def kernel(x), do: to_string(x)
  def guarded(x), do: is_binary(x)
  def answer(server), do: GenServer.call(server, :answer)
  def lazily(map, key), do: Map.get_lazy(map, key, fn -> key end)
end
