defmodule Shop.Archive do
  @moduledoc """
  Keeps paid orders. Orders are rare and the process is patient: between two
  messages it hibernates, with nothing but its state in memory.
  """

  @doc false
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(opts), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [opts]}}

  @doc "Starts an archive. Options: `:name`, and after how many ms to go to sleep (`:idle`)."
  @spec start_link(keyword()) :: {:ok, pid()} | {:error, term()}
  def start_link(opts \\ []) do
    :proc_lib.start_link(__MODULE__, :init, [self(), opts])
  end

  @doc "Stores anything; does not wait."
  @spec store(pid() | atom(), term()) :: :ok
  def store(archive \\ __MODULE__, item) do
    send(archive, {:store, item})
    :ok
  end

  @doc "Everything stored, oldest first, and how often the process woke up from sleep."
  @spec read(pid() | atom(), timeout()) :: {[term()], wakeups :: non_neg_integer()}
  def read(archive \\ __MODULE__, timeout \\ 1000) do
    alias = :erlang.monitor(:process, archive, alias: :reply_demonitor)
    send(archive, {:read, alias})

    receive do
      {^alias, answer} -> answer
      {:DOWN, ^alias, _, _, reason} -> exit({reason, {__MODULE__, :read, [archive]}})
    after
      timeout ->
        Process.demonitor(alias, [:flush])
        exit({:timeout, {__MODULE__, :read, [archive]}})
    end
  end

  @doc false
  @spec init(pid(), keyword()) :: no_return()
  def init(parent, opts) do
    Process.register(self(), Keyword.get(opts, :name, __MODULE__))
    :proc_lib.init_ack(parent, {:ok, self()})
    loop([], 0, Keyword.get(opts, :idle, 200))
  end

  @doc false
  @spec wake([term()], non_neg_integer(), timeout()) :: no_return()
  def wake(items, wakeups, idle), do: loop(items, wakeups + 1, idle)

  defp loop(items, wakeups, idle) do
    receive do
      {:store, item} ->
        loop([item | items], wakeups, idle)

      {:read, alias} ->
        send(alias, {alias, {Enum.reverse(items), wakeups}})
        loop(items, wakeups, idle)

      _ ->
        loop(items, wakeups, idle)
    after
      idle ->
        # The stack is thrown away: life goes on in wake/3, with the next message.
        :proc_lib.hibernate(__MODULE__, :wake, [items, wakeups, idle])
    end
  end
end
