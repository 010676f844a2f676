defmodule ElixirScope.TimeTravel do
  @moduledoc """
  Which processes tell their state, and what they are asked for.

  `ElixirScope.enable_time_travel/2`, `ElixirScope.disable_time_travel/1` and
  `ElixirScope.snapshot/1` are what to call. This process knows who is observed: it asks
  them for their state when a recording begins, when states are wanted again that were
  left out, and, in a flight recorder, before the last version that was told whole is
  recycled.
  """
  use GenServer

  alias ElixirScope.Native
  alias ElixirScope.TimeTravel.Observer

  @id :elixir_scope_time_travel
  @timeout 5000
  @sweep 1000
  @max_bytes 16 * 1024 * 1024

  # How often a flight recorder's window has an idle process's state.
  @window 4

  @told_to [GenServer, :gen_server, :gen_statem, :gen_event, Supervisor, :supervisor]
  @info [:registered_name, :status, :current_function, :message_queue_len, :memory] ++
          [:reductions, :links, :dictionary]

  @doc false
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "See `ElixirScope.enable_time_travel/2`."
  @spec enable(GenServer.server(), keyword) :: :ok | {:error, String.t()}
  def enable(server, options) do
    options = Keyword.validate!(options, max_bytes: @max_bytes, timeout: @timeout)

    with {:ok, pid} <- local(server),
         :ok <- Native.load(),
         :ok <- answers(pid) do
      memory = Observer.new(options[:max_bytes], Process.whereis(__MODULE__))

      attempt(pid, fn ->
        # Who is observed already goes on as before.
        :sys.install(pid, {@id, &Observer.observe/3, memory}, options[:timeout])
        GenServer.call(__MODULE__, {:watch, pid, memory}, :infinity)
      end)
    end
  end

  @doc "See `ElixirScope.disable_time_travel/1`."
  @spec disable(GenServer.server()) :: :ok | {:error, String.t()}
  def disable(server) do
    with {:ok, pid} <- local(server),
         true <- GenServer.call(__MODULE__, {:forget, pid}, :infinity) do
      attempt(pid, fn -> :sys.remove(pid, @id, @timeout) end)
    else
      false -> {:error, "#{inspect(server)} is not observed"}
      error -> error
    end
  end

  @doc "See `ElixirScope.snapshot/1`."
  @spec snapshot(GenServer.server(), keyword) :: {:ok, map} | {:error, String.t()}
  def snapshot(server, options) do
    options = Keyword.validate!(options, max_bytes: @max_bytes, timeout: @timeout)

    with {:ok, pid} <- local(server),
         :ok <- Native.load(),
         {:ok, bytes, of} <- written(pid, options) do
      case bytes do
        nil ->
          {:error, "nothing is recorded, or the state exceeds :max_bytes"}

        false ->
          {:error, "the level of detail leaves states out, or that of this process's trace"}

        _ ->
          {:ok, %{bytes: bytes, of: of}}
      end
    end
  end

  @doc "A recording has begun."
  @spec begun() :: :ok
  def begun, do: GenServer.cast(__MODULE__, :begun)

  @doc "What is recorded has changed: states that were left out may be wanted now."
  @spec wanted() :: :ok
  def wanted, do: GenServer.cast(__MODULE__, :wanted)

  @impl true
  def init(nil) do
    Process.send_after(self(), :sweep, @sweep)
    {:ok, %{watched: %{}, seen: 0}}
  end

  @impl true
  def handle_call({:watch, pid, memory}, _from, state) do
    state = forget(state, pid)
    Observer.ask(memory, pid)
    {:reply, :ok, put_in(state.watched[pid], {Process.monitor(pid), memory})}
  end

  def handle_call({:forget, pid}, _from, state),
    do: {:reply, is_map_key(state.watched, pid), forget(state, pid)}

  @impl true
  def handle_cast(:begun, state), do: handle_cast(:wanted, %{state | seen: 0})

  def handle_cast(:wanted, state) do
    for {pid, {_, memory}} <- state.watched, do: renew(memory, pid)
    {:noreply, state}
  end

  @impl true
  def handle_info({:DOWN, _reference, :process, pid, _reason}, state),
    do: {:noreply, forget(state, pid)}

  def handle_info(:sweep, state) do
    Process.send_after(self(), :sweep, @sweep)

    for {pid, {_, memory}} <- state.watched,
        Observer.stale?(memory),
        do: Observer.ask(memory, pid)

    {:noreply, keep_in_window(state)}
  end

  # What observed processes answer.
  def handle_info(_other, state), do: {:noreply, state}

  # In a flight recorder, what an idle process has told is recycled like anything else.
  defp keep_in_window(%{watched: watched} = state) when watched == %{}, do: state

  defp keep_in_window(state) do
    {_, [_, bytes, _, _, _, _, recycled, on_disk], _} = Native.status()

    if recycled > 0 and bytes - state.seen > div(on_disk, @window) do
      for {pid, {_, memory}} <- state.watched, do: renew(memory, pid)
      %{state | seen: bytes}
    else
      state
    end
  end

  defp renew(memory, pid) do
    Observer.forget(memory)
    Observer.ask(memory, pid)
  end

  defp forget(state, pid) do
    case pop_in(state.watched[pid]) do
      {nil, state} -> state
      {{reference, _}, state} -> Process.demonitor(reference, [:flush]) && state
    end
  end

  # Inside of the process, where nothing is copied. What that does not work for tells its
  # state to whoever asks, or is looked at from outside.
  defp written(pid, options) do
    case answers(pid) do
      :ok ->
        attempt(pid, fn -> look(pid, options) end)

      {:error, _} ->
        {:ok, Native.snapshot(pid, info(pid), options[:max_bytes], false), :process_info}
    end
  end

  defp look(pid, options) do
    if :gen_event in behaviours(pid) do
      state = :sys.get_state(pid, options[:timeout])
      {:ok, Native.snapshot(pid, state, options[:max_bytes], false), :state}
    else
      look = &Observer.look(nil, options[:max_bytes], &1)
      :sys.replace_state(pid, look, options[:timeout])
      {:error, "#{inspect(pid)} does not show its state"}
    end
  rescue
    error in ErlangError ->
      case error.original do
        {:callback_failed, _, {:throw, {:elixir_scope, bytes}}} -> {:ok, bytes, :state}
        other -> {:error, "#{inspect(pid)} does not show its state: #{inspect(other)}"}
      end
  end

  defp info(pid), do: Map.new(Process.info(pid, @info) || [])

  defp attempt(pid, fun) do
    fun.()
  catch
    :exit, {:timeout, _} ->
      {:error, "#{inspect(pid)} does not answer in time"}

    :exit, {reason, {:sys, _, _}} ->
      {:error, "#{inspect(pid)} does not answer: #{inspect(reason)}"}

    :exit, {:noproc, _} ->
      {:error, "the application elixir_scope does not run"}
  end

  defp local(server) do
    case GenServer.whereis(server) do
      pid when is_pid(pid) and node(pid) == node() ->
        if Process.alive?(pid), do: {:ok, pid}, else: {:error, "#{inspect(server)} is not alive"}

      _ ->
        {:error, "#{inspect(server)} is no process of this node"}
    end
  end

  # A system message to anybody else would lie in the mailbox.
  defp answers(pid) do
    if behaviours(pid) == [],
      do: {:error, "#{inspect(pid)} is no OTP process: it answers no system messages"},
      else: :ok
  end

  # What started it says so; or what runs it: an Agent hides behind the function it was
  # given.
  defp behaviours(pid) do
    with [dictionary: dictionary, current_stacktrace: stack] <-
           Process.info(pid, [:dictionary, :current_stacktrace]) do
      running = for {module, _, _, _} <- stack, module in @told_to, do: module
      running ++ started_as(initial_call(dictionary[:"$initial_call"]))
    else
      nil -> []
    end
  end

  defp started_as({module, _, _}) do
    if Code.ensure_loaded?(module) do
      attributes = module.module_info(:attributes)
      behaviours = Keyword.take(attributes, [:behaviour, :behavior]) |> Keyword.values()
      own = if function_exported?(module, :system_continue, 3), do: [module], else: []
      Enum.filter(List.flatten(behaviours), &(&1 in @told_to)) ++ own
    else
      []
    end
  end

  defp started_as(_), do: []

  # A supervisor's is `{:supervisor, module, 1}`.
  defp initial_call({:supervisor, module, _}), do: {module, :init, 1}
  defp initial_call(other), do: other
end
