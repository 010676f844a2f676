defmodule Shop.Application do
  @moduledoc """
  The supervision tree.

      Shop.Supervisor (one_for_one)
      ├── Shop.Audit            an Agent with the latest events
      ├── Shop.PriceCache       owner of the price table
      ├── Shop.Inventory        stock
      ├── Shop.Payments         rest_for_one: the gateway recovers from the ledger
      │   ├── Shop.Ledger
      │   └── Shop.PaymentGateway
      ├── Shop.CartRegistry     customer id -> cart
      ├── Shop.Carts            DynamicSupervisor of Shop.Cart
      └── Shop.Archive          sleeps until an order is stored
  """

  use Application

  @impl true
  def start(_type, _args) do
    children = [
      Shop.Audit,
      Shop.PriceCache,
      {Shop.Inventory, stock: Shop.Catalog.initial_stock()},
      Shop.Payments,
      {Registry, keys: :unique, name: Shop.CartRegistry},
      Shop.Carts,
      Shop.Archive
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end

  @impl true
  def stop(_state) do
  end
end
