defmodule Shop.Ledger do
  @moduledoc """
  The books: one balance per account, kept by a server written by hand.

  It is a special process in the sense of `:proc_lib` and `:sys`: it can be
  supervised, suspended and looked into, but its loop is its own.
  """

  @recent 5

  @type server :: pid() | atom()
  @type account :: atom() | String.t()

  ## Client

  @doc false
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(opts) do
    %{id: __MODULE__, start: {__MODULE__, :start_link, [opts]}, shutdown: 1000}
  end

  @doc "Opens the books. `name: nil` opens anonymous ones."
  @spec start_link(keyword()) :: {:ok, pid()} | {:error, term()}
  def start_link(opts \\ []) do
    name = Keyword.get(opts, :name, __MODULE__)
    :proc_lib.start_link(__MODULE__, :init, [self(), name])
  end

  @doc "Writes `cents` to an account; does not wait."
  @spec post(server(), account(), integer()) :: :ok
  def post(server \\ __MODULE__, account, cents) when is_integer(cents) do
    send(server, {:post, account, cents})
    :ok
  end

  @doc "What an account holds."
  @spec balance(server(), account()) :: integer()
  def balance(server \\ __MODULE__, account), do: call(server, {:balance, account})

  @doc "All balances, the number of postings, and the latest few of them."
  @spec report(server()) :: %{balances: map(), count: non_neg_integer(), recent: list()}
  def report(server \\ __MODULE__), do: call(server, :report)

  @doc "Moves money between accounts, or moves none at all."
  @spec transfer(server(), account(), account(), pos_integer()) :: :ok | {:error, :insufficient}
  def transfer(server \\ __MODULE__, from, to, cents) when cents > 0 do
    call(server, {:transfer, from, to, cents})
  end

  @doc "Is anybody there? Never exits."
  @spec ping(server(), timeout()) :: :pong | :pang
  def ping(server, timeout \\ 100) do
    reference = make_ref()
    send(server, {:ping, self(), reference})

    receive do
      {:pong, ^reference} -> :pong
    after
      timeout -> :pang
    end
  end

  # Everything else in the mailbox can wait: only the answer carries `reference`,
  # and the VM skips what was there before the reference was made.
  defp call(server, request, timeout \\ 5000) do
    reference = Process.monitor(server)
    send(server, {:call, {self(), reference}, request})

    receive do
      {^reference, reply} ->
        Process.demonitor(reference, [:flush])
        reply

      {:DOWN, ^reference, :process, _pid, reason} ->
        exit({reason, {__MODULE__, :call, [server, request]}})
    after
      timeout ->
        Process.demonitor(reference, [:flush])
        exit({:timeout, {__MODULE__, :call, [server, request]}})
    end
  end

  ## Server

  @doc false
  @spec init(pid(), atom()) :: no_return()
  def init(parent, name) do
    if name, do: Process.register(self(), name)
    :proc_lib.init_ack(parent, {:ok, self()})
    loop(%{parent: parent, balances: %{}, count: 0, recent: []})
  end

  defp loop(state) do
    receive do
      {:post, account, cents} ->
        state |> enter(account, cents) |> loop()

      {:call, from, request} ->
        {answer, state} = handle(request, state)
        reply(from, answer)
        loop(state)

      {:ping, pid, reference} ->
        send(pid, {:pong, reference})
        loop(state)

      {:system, from, request} ->
        :sys.handle_system_msg(request, from, state.parent, __MODULE__, [], state)

      _unknown ->
        loop(state)
    end
  end

  defp handle({:balance, account}, state), do: {Map.get(state.balances, account, 0), state}
  defp handle(:report, state), do: {Map.take(state, [:balances, :count, :recent]), state}

  defp handle({:transfer, from, to, cents}, state) do
    if Map.get(state.balances, from, 0) >= cents do
      {:ok, state |> enter(from, -cents) |> enter(to, cents)}
    else
      {{:error, :insufficient}, state}
    end
  end

  defp enter(%{balances: balances, count: count, recent: recent} = state, account, cents) do
    %{
      state
      | balances: Map.update(balances, account, cents, &(&1 + cents)),
        count: count + 1,
        recent: Enum.take([{account, cents} | recent], @recent)
    }
  end

  defp reply({pid, reference}, answer), do: send(pid, {reference, answer})

  ## What :sys asks of a special process

  @doc false
  @spec system_continue(pid(), list(), map()) :: no_return()
  def system_continue(_parent, _debug, state), do: loop(state)

  @doc false
  @spec system_terminate(term(), pid(), list(), map()) :: no_return()
  def system_terminate(reason, _parent, _debug, _state), do: exit(reason)

  @doc false
  @spec system_get_state(map()) :: {:ok, map()}
  def system_get_state(state), do: {:ok, state}

  @doc false
  @spec system_replace_state((map() -> map()), map()) :: {:ok, map(), map()}
  def system_replace_state(fun, state) do
    state = fun.(state)
    {:ok, state, state}
  end

  @doc false
  @spec system_code_change(map(), module(), term(), term()) :: {:ok, map()}
  def system_code_change(state, _module, _old, _extra), do: {:ok, state}
end
