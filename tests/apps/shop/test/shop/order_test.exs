defmodule Shop.OrderTest do
  use ExUnit.Case, async: true
  doctest Shop.Order
  doctest Shop.Pricing

  alias Shop.{Customer, Discount, Money, Order, Pricing}
  alias Shop.Order.{Line, TransitionError}

  defp order(items, tier \\ :guest) do
    {:ok, customer} = Customer.new("o", "Order Test", tier: tier)
    Order.new(customer, items)
  end

  defp total(items, tier \\ :guest) do
    {:ok, %Order{status: :priced, total: total}} = items |> order(tier) |> Pricing.price()
    total.cents
  end

  test "lines are sorted by article" do
    assert %Order{lines: [%Line{sku: "a", quantity: 2}, %Line{sku: "b", quantity: 1}]} =
             order(%{"b" => 1, "a" => 2})
  end

  test "the life of an order" do
    order = order(%{})
    assert %{status: :shipped} = Enum.reduce([:price, :pay, :ship], order, &Order.advance(&2, &1))
    assert %{status: :cancelled} = order |> Order.advance(:price) |> Order.advance(:cancel)
  end

  test "a paid order cannot be cancelled" do
    paid = order(%{}) |> Order.advance(:price) |> Order.advance(:pay)
    error = assert_raise TransitionError, fn -> Order.advance(paid, :cancel) end
    assert error == %TransitionError{from: :paid, event: :cancel}
    assert Exception.message(error) == "no :cancel in state :paid"
  end

  test "pieces are counted over all lines" do
    assert Order.pieces(order(%{})) == 0
    assert Order.pieces(order(%{"a" => 2, "b" => 40})) == 42
  end

  test "a small order pays for shipping, a large one does not" do
    assert total(%{"TE-001" => 1}) == 450 + 390
    assert total(%{"CO-001" => 4}) == 5000
    assert total(%{}) == 0
    assert Pricing.shipping(Money.new(4999), 21) == Money.new(1290)
  end

  test "loyalty pays off" do
    assert total(%{"CO-001" => 4}, :regular) == 4750 + 390
    assert total(%{"CO-001" => 8}, :gold) == 9000
  end

  test "the better discount wins" do
    assert total(%{"TE-002" => 20}) == 18 * 390
    assert total(%{"TE-001" => 12, "CO-001" => 8}, :gold) == round(15_400 * 0.9)
  end

  test "discounts have names, and none at all is an answer" do
    assert Discount.Loyalty.name() == "loyalty"
    assert Discount.Bulk.name() == "bulk (1 of 10 free)"
    priced = %{order(%{}, :gold) | lines: [%Line{sku: "a", quantity: 10, unit: Money.new(5)}]}

    assert Discount.best([Discount.Bulk, Discount.Loyalty], Money.new(40), priced) ==
             {"bulk (1 of 10 free)", Money.new(5)}

    assert Discount.best([], Money.new(40), priced) == {"none", Money.zero()}
  end

  test "an unknown article is named" do
    assert Pricing.price(order(%{"CO-001" => 1, "ZZ-999" => 1})) ==
             {:error, {:no_such_article, "ZZ-999"}}

    assert Pricing.unit("ZZ-999") == nil
  end

  test "an order is priced once" do
    {:ok, priced} = Pricing.price(order(%{"CO-001" => 1}))
    assert_raise TransitionError, "no :price in state :priced", fn -> Pricing.price(priced) end
  end
end
