defmodule Shop.ScenarioTest do
  # Alone: it works on the application's own processes.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO
  import ExUnit.CaptureLog

  alias Shop.{Archive, Carts, Inventory, Money, Order, PaymentGateway, Scenario}

  defp customer(name) do
    {:ok, customer} = Shop.customer("#{name}-#{System.unique_integer([:positive])}", name)
    customer
  end

  test "the application's tree is as documented" do
    children =
      for {id, _pid, _type, _modules} <- Supervisor.which_children(Shop.Supervisor), do: id

    assert Enum.reverse(children) == [
             Shop.Audit,
             Shop.PriceCache,
             Shop.Inventory,
             Shop.Payments,
             Shop.CartRegistry,
             Shop.Carts,
             Shop.Archive
           ]
  end

  test "buying: from the cart to the archive" do
    ada = customer("Ada")
    before = Inventory.available("TE-001")
    assert Shop.put(ada, "TE-001") == 1
    assert Shop.put(ada, "TE-001", 2) == 3
    assert {:ok, %Order{status: :paid, total: total} = order} = Shop.buy(ada, "4000-13")
    assert total == Money.new(3 * 450 + 390)
    assert Inventory.available("TE-001") == before - 3
    {orders, _wakeups} = Archive.read()
    assert order in orders
    assert Shop.Audit.entries(:paid) != []
    assert Carts.find(ada.id) == nil
    Inventory.restock("TE-001", 3)
  end

  test "buying without a cart, or with an empty one" do
    bob = customer("Bob")
    assert Shop.buy(bob, "4000-13") == {:error, :no_cart}
    Carts.open(bob)
    assert Shop.buy(bob, "4000-13") == {:error, :empty}
  end

  test "a declined card puts everything back and says so in the log" do
    {stock, _version} = Inventory.snapshot()
    eve = customer("Eve")
    Shop.put(eve, "TE-001", 3)
    Shop.put(eve, "CO-001", 1)

    log =
      capture_log(fn ->
        assert Shop.buy(eve, "4000-00") == {:error, :declined}
      end)

    assert log =~ "not paid (declined), 2 reservation(s) undone"
    assert {^stock, _} = Inventory.snapshot()
  end

  test "if one article is missing, none is taken" do
    {stock, _version} = Inventory.snapshot()
    max = customer("Max")
    Shop.put(max, "CO-001", 1)
    Shop.put(max, "XX-001", 3)
    assert {:error, %Shop.OutOfStockError{sku: "XX-001", wanted: 3}} = Shop.buy(max, "4000-13")
    assert {^stock, _} = Inventory.snapshot()

    assert [{:out_of_stock, Inventory, _line, [sku: "XX-001"]} | _] =
             Shop.Audit.entries(:out_of_stock)
  end

  test "an order that takes too long is an error, not a crash" do
    before = Inventory.available("TE-001")
    :sys.suspend(Inventory)
    order = Order.new(customer("Slow"), %{"TE-001" => 1})
    assert Shop.Checkout.place_all([{order, "4000-13"}], timeout: 20) == [{:error, :timeout}]
    :sys.resume(Inventory)
    # The reservation that nobody waited for has come back with its dead owner.
    assert :ok = Shop.Retry.poll(fn -> Inventory.available("TE-001") == before end)
  end

  test "the application survives a poisoned card" do
    kim = customer("Kim")
    before = Inventory.available("TE-001")
    Shop.put(kim, "TE-001")
    pid = Process.whereis(PaymentGateway)

    log =
      capture_log(fn ->
        assert Shop.buy(kim, "666-66") == {:error, :gateway_down}
        assert :ok = Shop.Retry.poll(fn -> Process.whereis(PaymentGateway) not in [nil, pid] end)
      end)

    assert log =~ "card ****66 poisoned the gateway"
    assert log =~ "lib/shop/payment_gateway.ex:"
    assert Inventory.available("TE-001") == before
  end

  test "the scenario ends the same way each time" do
    {summary, output} = with_io(fn -> Scenario.run() end)
    assert summary.outcomes == %{declined: 2, out_of_stock: 2, paid: 8}
    assert summary.income == 25_438
    assert summary.feed == %{count: 20_000, sum: 4_990_000, max: 499, notes: 0}
    assert summary.suppliers == ["Müller, Söhne (Kiel)", ~s|Të & Co (Den "Haag")|]
    assert output =~ "orders   2 declined, 2 out_of_stock, 8 paid\nincome   €254.38\n"
    assert Scenario.run(print: false) == summary
  end

  test "the scenario leaves the stock and the log level as they were" do
    {stock, _version} = Inventory.snapshot()
    level = Logger.level()
    assert capture_io(fn -> Scenario.run(print: false, customers: 7) end) == ""
    assert {^stock, _} = Inventory.snapshot()
    assert Logger.level() == level
  end

  test "steps are acknowledged in order" do
    assert capture_io(fn -> assert Scenario.steps(3) == :ok end) == "ack 1\nack 2\nack 3\n"
    assert capture_io(fn -> Scenario.steps(0) end) == ""
    # Two bags of black tea, and the parcel.
    assert Scenario.step(1) == 2 * 390 + 390
  end
end
