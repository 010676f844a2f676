defmodule Shop.Checkout do
  @moduledoc "From an order to a paid order, or back to where we were."

  require Logger
  require Shop.Audit

  alias Shop.{Archive, Inventory, Order, PaymentGateway, Pricing}

  @type reason ::
          Exception.t() | {:no_such_article, String.t()} | :declined | :gateway_down | :timeout

  @doc "Prices, reserves, charges and commits; undoes the reservations if it cannot."
  @spec place(Order.t(), PaymentGateway.card()) :: {:ok, Order.t()} | {:error, reason()}
  def place(%Order{status: :new} = order, card) do
    with {:ok, order} <- Pricing.price(order),
         {:ok, reservations} <- reserve(order.lines, []) do
      pay(order, card, reservations)
    end
  end

  @doc """
  Places many orders at once; the answers come in the order of the orders.

  Options are those of `Task.async_stream/3`.
  """
  @spec place_all([{Order.t(), PaymentGateway.card()}], keyword()) ::
          [{:ok, Order.t()} | {:error, reason()}]
  def place_all(orders, opts \\ []) do
    orders
    |> Task.async_stream(
      fn {order, card} -> place(order, card) end,
      Keyword.merge([max_concurrency: 4, on_timeout: :kill_task], opts)
    )
    |> Enum.map(fn
      {:ok, answer} -> answer
      {:exit, reason} -> {:error, reason}
    end)
  end

  defp reserve([], reservations), do: {:ok, reservations}

  defp reserve([%Order.Line{sku: sku, quantity: quantity} | rest], reservations) do
    case Inventory.reserve(sku, quantity) do
      {:ok, reservation} ->
        reserve(rest, [reservation | reservations])

      {:error, _reason} = error ->
        Enum.each(reservations, &Inventory.release/1)
        error
    end
  end

  defp pay(order, card, reservations) do
    case PaymentGateway.charge(card, order.total) do
      {:ok, receipt} ->
        Enum.each(reservations, &Inventory.commit/1)
        Shop.Audit.audit(:paid, receipt: receipt)
        paid = Order.advance(%{order | receipt: receipt}, :pay)
        Archive.store(paid)
        {:ok, paid}

      {:error, reason} ->
        Logger.info(fn ->
          "not paid (#{reason}), #{length(reservations)} reservation(s) undone"
        end)

        Enum.each(reservations, &Inventory.release/1)
        {:error, reason}
    end
  end
end
