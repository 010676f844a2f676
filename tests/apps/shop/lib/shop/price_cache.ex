defmodule Shop.PriceCache do
  @moduledoc """
  Prices that were expensive to find out, in an ETS table.

  Readers never talk to the owner process; it only creates the table and sweeps
  out what is too old.
  """

  use GenServer

  @sweep_every 30_000
  @max_age 60_000

  @doc "Creates the table. Options: `:name`, `:sweep_every` and `:max_age` in ms."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    {name, opts} = Keyword.pop(opts, :name, __MODULE__)
    GenServer.start_link(__MODULE__, [table: name] ++ opts, name: name)
  end

  @doc "The cached value, or what `fun` returns, which is cached from then on."
  @spec fetch(atom(), term(), (() -> value)) :: value when value: term()
  def fetch(table \\ __MODULE__, key, fun) when is_function(fun, 0) do
    case :ets.lookup(table, key) do
      [{^key, value, _stored_at}] -> value
      [] -> store(table, key, fun.())
    end
  end

  @doc "Stores a value and returns it."
  @spec store(atom(), term(), value) :: value when value: term()
  def store(table \\ __MODULE__, key, value) do
    true = :ets.insert(table, {key, value, now()})
    value
  end

  @doc "Forgets everything."
  @spec clear(atom()) :: :ok
  def clear(table \\ __MODULE__) do
    :ets.delete_all_objects(table)
    :ok
  end

  @doc "How many prices are cached."
  @spec size(atom()) :: non_neg_integer()
  def size(table \\ __MODULE__), do: :ets.info(table, :size)

  @impl true
  def init(opts) do
    table = :ets.new(opts[:table], [:named_table, :public, read_concurrency: true])
    every = Keyword.get(opts, :sweep_every, @sweep_every)
    {:ok, %{table: table, every: every, max_age: opts[:max_age] || @max_age, swept: 0}, every}
  end

  # No message for `every` ms means: a quiet moment, time to sweep.
  @impl true
  def handle_info(:timeout, %{table: table, max_age: max_age} = state) do
    oldest = now() - max_age
    count = :ets.select_delete(table, [{{:_, :_, :"$1"}, [{:"=<", :"$1", oldest}], [true]}])
    {:noreply, %{state | swept: state.swept + count}, state.every}
  end

  def handle_info(_, state), do: {:noreply, state, state.every}

  @impl true
  def handle_call(:swept, _from, state), do: {:reply, state.swept, state, state.every}

  defp now, do: System.monotonic_time(:millisecond)
end
