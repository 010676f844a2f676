defmodule Shop.TailCallTest do
  use ExUnit.Case, async: true

  alias Shop.{Archive, Category, Ledger, Memory, Sku}

  # Far below what one stack frame per turn would add up to.
  @flat 500_000

  # A list that costs the process that walks it nothing: it is not on its heap.
  defp shared(list) do
    key = {__MODULE__, make_ref()}
    :persistent_term.put(key, list)
    on_exit(fn -> :persistent_term.erase(key) end)
    key
  end

  defp memory(pid), do: pid |> Process.info(:memory) |> elem(1)

  test "the right-hand side of && is a tail call (binary)" do
    sku = "TE-" <> String.duplicate("7", 500_000)
    assert Memory.peak(fn -> true = Sku.valid?(sku) end) < @flat
  end

  test "the right-hand side of && is a tail call (list)" do
    key = shared(List.duplicate("tea", 200_000))
    assert Memory.peak(fn -> true = Category.known?(:persistent_term.get(key)) end) < @flat
  end

  test "the right-hand side of or is a tail call" do
    key = shared(List.duplicate("food", 200_000))

    assert Memory.peak(fn ->
             false = Category.any_within?(:persistent_term.get(key), "drinks")
           end) < @flat
  end

  test "each branch of the ledger's loop goes on without a stack" do
    {:ok, ledger} = Ledger.start_link(name: nil)
    for _ <- 1..40_000, do: 0 = Ledger.balance(ledger, :none)
    for _ <- 1..40_000, do: :pong = Ledger.ping(ledger, 5_000)

    for _ <- 1..80 do
      for _ <- 1..500, do: send(ledger, :unknown)
      0 = Ledger.balance(ledger, :none)
    end

    assert memory(ledger) < @flat
  end

  test "the archive's loop goes on without a stack, awake or asleep" do
    for {name, idle} <- [archive_awake: 60_000, archive_dozing: 0] do
      archive = start_supervised!({Archive, name: name, idle: idle}, id: name)
      for _ <- 1..40_000, do: {[], _wakeups} = Archive.read(archive)
      assert memory(archive) < @flat
    end
  end
end
