# The events whose cost is measured: what a probe is given, and the loop that calls it.

defmodule Bench.Shapes do
  @moduledoc false

  defmodule Address do
    @moduledoc false
    defstruct [:street, :city, :zip]
  end

  defmodule Customer do
    @moduledoc false
    defstruct [:id, :name, :address]
  end

  defmodule Order do
    @moduledoc false
    defstruct [:id, :state, :customer, :total, :lines]
  end

  @id 42

  # Limits within which each of these terms is kept whole.
  def limits, do: [items: 127, binary_bytes: 1024, payload_bytes: 4096]

  # {name, events of a turn, bytes of them at most, what runs the loop so many turns}
  def all do
    [
      {"enter, no arguments", 1, 32, &enter0/1},
      {"enter, two small arguments", 1, 48, &enter2/1},
      {"leave, small result", 1, 40, &leave(&1, :ok)},
      {"enter and leave, two small arguments", 2, 88, &enter_leave/1},
      {"leave, map of ten keys", 1, 160, &leave(&1, ten_keys())},
      {"leave, binary of 1 KB", 1, 1080, &leave(&1, binary())},
      {"leave, list of 100 integers", 1, 400, &leave(&1, integers())},
      {"leave, nested struct", 1, 320, &leave(&1, order())}
    ]
  end

  def enter0(0), do: :ok

  def enter0(n) do
    :scope_probe.enter(@id)
    enter0(n - 1)
  end

  def enter2(0), do: :ok

  def enter2(n) do
    :scope_probe.enter(@id, n, :ok)
    enter2(n - 1)
  end

  def leave(0, _term), do: :ok

  def leave(n, term) do
    :scope_probe.leave(@id, term)
    leave(n - 1, term)
  end

  def enter_leave(0), do: :ok

  def enter_leave(n) do
    :scope_probe.enter(@id, n, :ok)
    :scope_probe.leave(@id, n)
    enter_leave(n - 1)
  end

  def empty(0), do: :ok
  def empty(n), do: empty(n - 1)

  def nop(0), do: :ok

  def nop(n) do
    ElixirScope.Native.nop()
    nop(n - 1)
  end

  # Made as a program makes them: no literal, which lies outside of the heap.
  defp ten_keys do
    for n <- 1..10, into: %{}, do: {:"key_#{n}", n * 1000}
  end

  defp binary, do: :binary.copy("0123456789abcdef", 64)
  defp integers, do: Enum.map(1..100, &(&1 * 1000))

  defp order do
    address = %Address{street: "1 " <> street(), city: :lisbon, zip: 1000 + length(integers())}
    customer = %Customer{id: 7, name: "A " <> street(), address: address}
    %Order{id: 1, state: :paid, customer: customer, total: 9900, lines: [{:tea, 2}, {:pot, 1}]}
  end

  defp street, do: Enum.join(["Long", "Street"], " ")
end
