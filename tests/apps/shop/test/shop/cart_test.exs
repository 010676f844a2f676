defmodule Shop.CartTest do
  use ExUnit.Case, async: true
  doctest Shop.Cart

  alias Shop.{Cart, Carts, Customer, Order, Retry}

  setup context do
    {:ok, customer} = Customer.new("cart-#{System.unique_integer([:positive])}", "Cart Test")
    cart = Carts.open(customer, Map.get(context, :cart, []))
    on_exit(fn -> Carts.close(customer.id) end)
    %{customer: customer, cart: cart}
  end

  test "a customer has one cart", %{customer: customer, cart: cart} do
    assert Carts.open(customer) == cart
    assert Carts.find(customer.id) == cart
    assert [{^cart, nil}] = Registry.lookup(Shop.CartRegistry, customer.id)
    assert Carts.count() >= 1
  end

  test "items add up and can be removed", %{cart: cart} do
    assert Cart.add(cart, "TE-001") == 1
    assert Cart.add(cart, "TE-001", 4) == 5
    assert Cart.add(cart, "MU-001", 2) == 2
    assert Cart.remove(cart, "TE-001") == :ok
    assert Cart.items(cart) == %{"MU-001" => 2}
  end

  test "an empty cart stays, a full one becomes an order and ends", context do
    %{customer: customer, cart: cart} = context
    assert Cart.checkout(cart) == {:error, :empty}
    Cart.add(cart, "TE-001", 2)
    monitor = Process.monitor(cart)

    assert {:ok, %Order{customer: ^customer, status: :new} = order} = Cart.checkout(cart)
    assert [%Order.Line{sku: "TE-001", quantity: 2}] = order.lines
    assert_receive {:DOWN, ^monitor, :process, ^cart, :normal}
    assert Carts.find(customer.id) == nil
    assert Carts.open(customer) != cart
  end

  @tag :capture_log
  test "a crashed cart is restarted empty under the same name", context do
    %{customer: customer, cart: cart} = context
    Cart.add(cart, "TE-001", 2)
    Process.exit(cart, :kill)
    assert :ok = Retry.poll(fn -> Carts.find(customer.id) not in [nil, cart] end)
    assert Cart.items(Cart.via(customer.id)) == %{}
  end

  test "a closed cart is gone for good", %{customer: customer, cart: cart} do
    assert Carts.close(customer.id) == :ok
    refute Process.alive?(cart)
    assert Carts.find(customer.id) == nil
    assert Carts.close(customer.id) == {:error, :not_found}
  end

  @tag cart: [idle: 0]
  test "an idle cart hibernates, and wakes up with its items", %{cart: cart} do
    Cart.add(cart, "TE-001", 2)

    assert :ok =
             Retry.poll(fn ->
               Process.info(cart, :current_function) ==
                 {:current_function, {:erlang, :hibernate, 3}}
             end)

    assert Cart.naps(cart) >= 1
    assert Cart.items(cart) == %{"TE-001" => 2}
  end

  test "a stray message does not wake anybody up for long", %{cart: cart} do
    send(cart, :stray)
    assert Cart.naps(cart) == 0
  end
end
