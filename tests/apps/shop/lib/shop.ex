defmodule Shop do
  @moduledoc """
  A small shop.

      {:ok, ada} = Shop.customer("ada", "Ada Lovelace", tier: :gold)
      Shop.put(ada, "TE-001", 3)
      {:ok, order} = Shop.buy(ada, "4000-13")

  """

  alias Shop.{Cart, Carts, Checkout, Customer, Order}

  @doc "A customer; see `Shop.Customer.new/3`."
  @spec customer(String.t(), String.t(), keyword()) :: {:ok, Customer.t()} | {:error, String.t()}
  defdelegate customer(id, name, fields \\ []), to: Customer, as: :new

  @doc "Puts pieces into the customer's cart, which is opened if need be."
  @spec put(Customer.t(), String.t(), pos_integer()) :: pos_integer()
  def put(%Customer{} = customer, sku, quantity \\ 1) do
    customer |> Carts.open() |> Cart.add(sku, quantity)
  end

  @doc "Buys what is in the cart. The cart is gone afterwards, paid or not."
  @spec buy(Customer.t(), String.t()) ::
          {:ok, Order.t()} | {:error, :no_cart | :empty | Checkout.reason()}
  def buy(%Customer{id: id}, card) do
    with cart when is_pid(cart) <- Carts.find(id),
         {:ok, order} <- Cart.checkout(cart) do
      Checkout.place(order, card)
    else
      nil -> {:error, :no_cart}
      {:error, :empty} -> {:error, :empty}
    end
  end
end
