defmodule Shop.PaymentGateway do
  @moduledoc """
  Charges cards.

  A card whose number starts with `"666"` crashes the server in the middle of a
  call. Its supervisor starts it again, and it reads its total from the ledger.
  """

  use GenServer

  @income :income

  @type card :: String.t()
  @type answer :: {:ok, receipt :: pos_integer()} | {:error, :declined | :gateway_down}

  @doc "Starts a gateway. Options: `:name` and the `:ledger` to write to."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc """
  Charges a card. A crash of the gateway is an answer like any other.

  Cards ending in `"00"` are declined.
  """
  @spec charge(GenServer.server(), card(), Shop.Money.t()) :: answer()
  def charge(server \\ __MODULE__, card, %Shop.Money{} = amount) do
    try do
      GenServer.call(server, {:charge, card, amount})
    catch
      :exit, {{%Shop.CardError{}, _stacktrace}, {GenServer, :call, _args}} ->
        {:error, :gateway_down}

      :exit, {:noproc, _call} ->
        {:error, :gateway_down}
    end
  end

  @doc "All cents ever charged."
  @spec total(GenServer.server()) :: non_neg_integer()
  def total(server \\ __MODULE__), do: GenServer.call(server, :total)

  @impl true
  def init(opts) do
    state = %{ledger: Keyword.get(opts, :ledger, Shop.Ledger), total: nil, receipts: 0}
    {:ok, state, {:continue, :recover}}
  end

  @impl true
  def handle_continue(:recover, %{ledger: ledger} = state) do
    {:noreply, %{state | total: Shop.Ledger.balance(ledger, @income)}}
  end

  @impl true
  def handle_call({:charge, card, amount}, _from, state) do
    case authorize!(card) do
      :ok ->
        Shop.Ledger.post(state.ledger, @income, amount.cents)
        receipt = state.receipts + 1
        {:reply, {:ok, receipt}, %{state | receipts: receipt, total: state.total + amount.cents}}

      declined ->
        {:reply, {:error, declined}, state}
    end
  end

  def handle_call(:total, _from, %{total: total} = state), do: {:reply, total, state}

  defp authorize!("666" <> _ = card) do
    raise Shop.CardError, card
  end

  defp authorize!(card) do
    if String.ends_with?(card, "00"), do: :declined, else: :ok
  end
end
