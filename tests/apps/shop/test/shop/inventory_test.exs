defmodule Shop.InventoryTest do
  use ExUnit.Case, async: true
  doctest Shop.Inventory

  alias Shop.{Inventory, OutOfStockError, Retry}

  setup context do
    opts = [name: nil, stock: %{"tea" => 5}] ++ Map.get(context, :inventory, [])
    %{shelf: start_supervised!({Inventory, opts})}
  end

  test "a reservation takes stock away, a release gives it back", %{shelf: shelf} do
    assert {:ok, reservation} = Inventory.reserve(shelf, "tea", 3)
    assert Inventory.available(shelf, "tea") == 2
    assert Inventory.release(shelf, reservation) == :ok
    assert Inventory.available(shelf, "tea") == 5
    assert Inventory.release(shelf, reservation) == {:error, :unknown}
  end

  test "what is committed is gone", %{shelf: shelf} do
    reservation = Inventory.reserve!(shelf, "tea", 5)
    assert Inventory.commit(shelf, reservation) == :ok
    assert Inventory.commit(shelf, reservation) == {:error, :unknown}
    assert Inventory.release(shelf, reservation) == {:error, :unknown}
    assert Inventory.available(shelf, "tea") == 0
  end

  test "nobody gets more than there is", %{shelf: shelf} do
    assert {:error, %OutOfStockError{sku: "tea", wanted: 6, available: 5}} =
             Inventory.reserve(shelf, "tea", 6)

    assert {:error, %OutOfStockError{available: 0}} = Inventory.reserve(shelf, "gold", 1)
    assert Inventory.available(shelf, "tea") == 5
  end

  test "reserve! raises with a message for people", %{shelf: shelf} do
    assert_raise OutOfStockError, "only 5 of tea left (9 wanted)", fn ->
      Inventory.reserve!(shelf, "tea", 9)
    end

    assert_raise OutOfStockError, "gold is sold out (1 wanted)", fn ->
      Inventory.reserve!(shelf, "gold", 1)
    end
  end

  test "a quantity must be positive", %{shelf: shelf} do
    assert_raise FunctionClauseError, fn -> Inventory.reserve(shelf, "tea", 0) end
  end

  test "restocking is a cast, and shows in the next call", %{shelf: shelf} do
    assert Inventory.restock(shelf, "tea", 7) == :ok
    assert Inventory.restock(shelf, "new", 1) == :ok
    assert {%{"tea" => 12, "new" => 1}, version} = Inventory.snapshot(shelf)
    assert version == 3
  end

  test "the version grows with each change and only then", %{shelf: shelf} do
    {_stock, before} = Inventory.snapshot(shelf)
    Inventory.available(shelf, "tea")
    Inventory.reserve(shelf, "tea", 99)
    assert {_stock, ^before} = Inventory.snapshot(shelf)
    reservation = Inventory.reserve!(shelf, "tea", 1)
    Inventory.commit(shelf, reservation)
    assert {_stock, version} = Inventory.snapshot(shelf)
    assert version == before + 2
  end

  test "a dead customer's reservation comes back", %{shelf: shelf} do
    task = Task.async(fn -> Inventory.reserve!(shelf, "tea", 4) end)
    Task.await(task)
    assert :ok = Retry.poll(fn -> Inventory.available(shelf, "tea") == 5 end)
  end

  @tag inventory: [ttl: 10]
  test "a reservation does not last for ever", %{shelf: shelf} do
    reservation = Inventory.reserve!(shelf, "tea", 4)
    assert :ok = Retry.poll(fn -> Inventory.available(shelf, "tea") == 5 end)
    assert Inventory.commit(shelf, reservation) == {:error, :unknown}
  end

  test "stray messages do no harm", %{shelf: shelf} do
    send(shelf, :stray)
    send(shelf, {:expire, make_ref()})
    assert Inventory.available(shelf, "tea") == 5
  end

  test "two hundred customers never oversell", %{shelf: shelf} do
    Inventory.restock(shelf, "tea", 45)

    sold =
      1..200
      |> Task.async_stream(fn _ ->
        with {:ok, reservation} <- Inventory.reserve(shelf, "tea", 1) do
          Inventory.commit(shelf, reservation)
        end
      end)
      |> Enum.count(&(&1 == {:ok, :ok}))

    assert sold == 50
    assert Inventory.available(shelf, "tea") == 0
  end

  test "low lists the emptiest first" do
    assert Inventory.low(%{"a" => 2, "b" => 3, "c" => 0}) == ["c", "a"]
    assert Inventory.low(%{}, 100) == []
  end
end
