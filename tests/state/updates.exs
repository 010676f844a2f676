defmodule Updates do
  @moduledoc """
  A state of a megabyte and small changes of it, each given by its number: whoever knows
  the number of changes knows the state.
  """

  @users 5000

  def start do
    %{
      users: Map.new(1..@users, &{"user #{&1}", user(&1)}),
      recent: Enum.to_list(1..100),
      queue: :queue.from_list(Enum.to_list(1..50)),
      log: <<>>,
      settings: {:plain, 1, [limit: 10, token: "not to be seen"]},
      updates: 0
    }
  end

  @doc "What may be seen of it."
  def seen(%{settings: {kind, n, [limit: limit, token: _]}} = state),
    do: %{state | settings: {kind, n, [limit: limit, token: {:elixir_scope, :redacted}]}}

  defp user(n) do
    cart = for item <- 1..4, do: {:item, item, "article #{n * item}"}
    %{id: n, name: "Name of #{n}, long enough to count", visits: 0, cart: cart, tags: [:a, :b], score: n / 7}
  end

  def change(state, n) do
    {kind, random} = {:erlang.phash2({n, :kind}, 8), :erlang.phash2(n, @users) + 1}
    name = "user #{random}"
    kind |> change(state, name, random) |> Map.put(:updates, n)
  end

  defp change(0, state, name, _), do: update(state, name, &Map.update!(&1, :visits, fn n -> n + 1 end))
  defp change(1, state, name, n), do: update(state, name, &Map.update!(&1, :cart, fn c -> [{:item, n, "new"} | c] end))
  defp change(2, state, _, n), do: put_in(state.users["user #{@users + n}"], user(@users + n))
  defp change(3, state, name, _), do: %{state | users: Map.delete(state.users, name)}
  defp change(4, state, _, n), do: %{state | recent: Enum.take([n | state.recent], 100)}
  defp change(5, state, _, n), do: %{state | queue: :queue.in(n, :queue.drop(state.queue))}
  defp change(6, state, _, n), do: %{state | log: binary_part(state.log <> "entry #{n}\n", 0, min(4000, byte_size(state.log) + 7))}
  defp change(7, state, _, n), do: %{state | settings: put_elem(state.settings, 1, n)}

  defp update(state, name, change) do
    if is_map_key(state.users, name), do: update_in(state.users[name], change), else: state
  end
end
