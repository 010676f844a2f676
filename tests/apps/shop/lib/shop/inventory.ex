defmodule Shop.Inventory do
  @moduledoc """
  What is on the shelves, and what is promised to whom.

  A reservation takes stock off the shelf. It ends when it is committed (sold),
  released, when its time is up, or when the process that asked for it dies.
  """

  use GenServer

  alias __MODULE__, as: State

  require Shop.Audit

  @default_ttl 60_000

  defstruct stock: %{}, reserved: %{}, ttl: @default_ttl, version: 0

  @type sku :: String.t()
  @type stock :: %{optional(sku()) => non_neg_integer()}
  @type reservation :: {sku(), quantity :: pos_integer(), timer :: reference()}
  @type t :: %__MODULE__{
          stock: stock(),
          reserved: %{optional(reference()) => reservation()},
          ttl: timeout(),
          version: non_neg_integer()
        }

  ## Client

  @doc "Starts a shelf. Options: `:name`, `:stock` (a map) and `:ttl` of reservations in ms."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    {name, opts} = Keyword.pop(opts, :name, __MODULE__)
    GenServer.start_link(__MODULE__, opts, name: name)
  end

  @doc "How many pieces can be promised right now."
  @spec available(GenServer.server(), sku()) :: non_neg_integer()
  def available(server \\ __MODULE__, sku), do: GenServer.call(server, {:available, sku})

  @doc "Takes `quantity` pieces off the shelf for the calling process."
  @spec reserve(GenServer.server(), sku(), pos_integer()) ::
          {:ok, reference()} | {:error, Exception.t()}
  def reserve(server \\ __MODULE__, sku, quantity) when is_integer(quantity) and quantity > 0 do
    GenServer.call(server, {:reserve, sku, quantity})
  end

  @doc "Like `reserve/3`, but raises `Shop.OutOfStockError`."
  @spec reserve!(GenServer.server(), sku(), pos_integer()) :: reference()
  def reserve!(server \\ __MODULE__, sku, quantity) do
    case reserve(server, sku, quantity) do
      {:ok, reference} -> reference
      {:error, error} -> raise error
    end
  end

  @doc "The pieces are sold: forget them."
  @spec commit(GenServer.server(), reference()) :: :ok | {:error, :unknown}
  def commit(server \\ __MODULE__, reference), do: GenServer.call(server, {:commit, reference})

  @doc "The pieces go back."
  @spec release(GenServer.server(), reference()) :: :ok | {:error, :unknown}
  def release(server \\ __MODULE__, reference), do: GenServer.call(server, {:release, reference})

  @doc "New pieces arrive. Nobody waits for them."
  @spec restock(GenServer.server(), sku(), pos_integer()) :: :ok
  def restock(server \\ __MODULE__, sku, quantity),
    do: GenServer.cast(server, {:restock, sku, quantity})

  @doc "The stock, and a number that grows with every change."
  @spec snapshot(GenServer.server()) :: {stock(), version :: non_neg_integer()}
  def snapshot(server \\ __MODULE__), do: GenServer.call(server, :snapshot)

  ## Pure

  @doc """
  Takes pieces off the shelf of a state.

      iex> {:ok, state} = Shop.Inventory.take(%Shop.Inventory{stock: %{"tea" => 3}}, "tea", 2)
      iex> {state.stock, state.version}
      {%{"tea" => 1}, 1}

  """
  @spec take(t(), sku(), pos_integer()) :: {:ok, t()} | {:error, Exception.t()}
  def take(%State{stock: stock} = state, sku, quantity) do
    case stock do
      %{^sku => left} when left >= quantity ->
        {:ok, bump(%{state | stock: %{stock | sku => left - quantity}})}

      %{} ->
        left = Map.get(stock, sku, 0)
        {:error, %Shop.OutOfStockError{sku: sku, wanted: quantity, available: left}}
    end
  end

  @doc "Puts pieces on the shelf of a state."
  @spec put(t(), sku(), pos_integer()) :: t()
  def put(%State{stock: stock} = state, sku, quantity) do
    bump(%{state | stock: Map.update(stock, sku, quantity, &(&1 + quantity))})
  end

  @doc """
  The articles with fewer than `threshold` pieces, fewest first.

      iex> Shop.Inventory.low(%{"a" => 9, "b" => 1, "c" => 0}, 5)
      ["c", "b"]

  """
  @spec low(stock(), non_neg_integer()) :: [sku()]
  def low(stock, threshold \\ 3) do
    stock
    |> Enum.filter(fn {_sku, left} -> left < threshold end)
    |> Enum.sort_by(&elem(&1, 1))
    |> Enum.map(&elem(&1, 0))
  end

  ## Server

  @impl true
  def init(opts) do
    {stock, opts} = Keyword.pop(opts, :stock, %{})
    # The supervisor need not wait until the shelves are full.
    {:ok, struct!(State, opts), {:continue, {:fill, stock}}}
  end

  @impl true
  def handle_continue({:fill, stock}, state) do
    {:noreply, Enum.reduce(stock, state, fn {sku, quantity}, acc -> put(acc, sku, quantity) end)}
  end

  @impl true
  def handle_call({:available, sku}, _from, state) do
    {:reply, Map.get(state.stock, sku, 0), state}
  end

  def handle_call({:reserve, sku, quantity}, {owner, _tag}, state) do
    with {:ok, state} <- take(state, sku, quantity) do
      reference = Process.monitor(owner)
      timer = Process.send_after(self(), {:expire, reference}, state.ttl)
      {:reply, {:ok, reference}, put_in(state.reserved[reference], {sku, quantity, timer})}
    else
      {:error, _} = error ->
        Shop.Audit.audit(:out_of_stock, sku: sku)
        {:reply, error, state}
    end
  end

  def handle_call({:commit, reference}, _from, state) do
    case pop_in(state.reserved[reference]) do
      {nil, state} ->
        {:reply, {:error, :unknown}, state}

      {sold, state} ->
        forget(reference, sold)
        {:reply, :ok, bump(state)}
    end
  end

  def handle_call({:release, reference}, _from, state) do
    if Map.has_key?(state.reserved, reference),
      do: {:reply, :ok, give_back(state, reference)},
      else: {:reply, {:error, :unknown}, state}
  end

  def handle_call(:snapshot, _from, state), do: {:reply, {state.stock, state.version}, state}

  @impl true
  def handle_cast({:restock, sku, quantity}, state), do: {:noreply, put(state, sku, quantity)}

  @impl true
  def handle_info({:expire, reference}, state), do: {:noreply, give_back(state, reference)}

  def handle_info({:DOWN, reference, :process, _pid, _reason}, state) do
    {:noreply, give_back(state, reference)}
  end

  def handle_info(_stray, state), do: {:noreply, state}

  # An unknown reference has been committed or released before: nothing to do.
  defp give_back(state, reference) do
    case Map.pop(state.reserved, reference) do
      {nil, _reserved} ->
        state

      {{sku, quantity, _timer} = reservation, reserved} ->
        forget(reference, reservation)
        put(%{state | reserved: reserved}, sku, quantity)
    end
  end

  defp forget(reference, {_sku, _quantity, timer}) do
    Process.cancel_timer(timer, async: true, info: false)
    Process.demonitor(reference, [:flush])
  end

  defp bump(%{version: version} = state), do: %{state | version: version + 1}
end
