defmodule Shop.Pricing do
  @moduledoc "Works out what an order costs."

  import Shop.Money, only: [add: 2, times: 2]

  alias Shop.{Catalog, Discount, Money, Order, PriceCache}

  @discounts [Discount.Loyalty, Discount.Bulk]

  @doc "Fills in unit prices and the total, discount and shipping included."
  @spec price(Order.t()) :: {:ok, Order.t()} | {:error, {:no_such_article, String.t()}}
  def price(%Order{lines: lines} = order) do
    with {:ok, lines} <- price_lines(lines, []) do
      finish(Order.advance(%{order | lines: lines}, :price))
    end
  end

  @doc "The price of one piece, from the cache if it is there."
  @spec unit(String.t()) :: Money.t() | nil
  def unit(sku) do
    PriceCache.fetch(sku, fn ->
      case Catalog.fetch(sku) do
        {:ok, %{price: price}} -> price
        :error -> nil
      end
    end)
  end

  @doc """
  What it costs to ship so many pieces of a certain worth.

      iex> Shop.Pricing.shipping(Shop.Money.new(100), 1)
      Shop.Money.new(390)

      iex> Shop.Pricing.shipping(Shop.Money.new(9_000), 40)
      Shop.Money.zero()

  """
  @spec shipping(Money.t(), non_neg_integer()) :: Money.t()
  def shipping(%Money{cents: cents}, pieces) do
    cond do
      cents >= 5_000 -> Money.zero()
      pieces == 0 -> Money.zero()
      pieces > 20 -> Money.new(1_290)
      true -> Money.new(390)
    end
  end

  defp price_lines([], done), do: {:ok, Enum.reverse(done)}

  defp price_lines([line | rest], done) do
    if unit = unit(line.sku) do
      price_lines(rest, [%{line | unit: unit} | done])
    else
      {:error, {:no_such_article, line.sku}}
    end
  end

  defp finish(%Order{} = order) do
    goods = order.lines |> Enum.map(&Order.Line.total/1) |> Money.sum()
    {_name, off} = Discount.best(@discounts, goods, order)
    net = add(goods, times(off, -1))
    {:ok, %{order | total: add(net, shipping(net, Order.pieces(order)))}}
  end
end
