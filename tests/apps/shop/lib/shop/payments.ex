defmodule Shop.Payments do
  @moduledoc """
  Ledger and gateway, the gateway after the ledger it recovers from.

  A poisoned card may take the gateway down several times in a row; that must
  not take the rest of the shop with it, hence the generous restart limit.
  """

  use Supervisor

  @doc "Starts both. Options: `:name`, `:ledger` and `:gateway` (names)."
  @spec start_link(keyword()) :: Supervisor.on_start()
  def start_link(opts \\ []) do
    Supervisor.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @impl true
  def init(opts) do
    ledger = Keyword.get(opts, :ledger, Shop.Ledger)
    gateway = Keyword.get(opts, :gateway, Shop.PaymentGateway)

    children = [
      {Shop.Ledger, name: ledger},
      {Shop.PaymentGateway, name: gateway, ledger: ledger}
    ]

    Supervisor.init(children, strategy: :rest_for_one, max_restarts: 50, max_seconds: 5)
  end
end
