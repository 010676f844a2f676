defmodule ElixirScope.Tracer do
  @moduledoc """
  What the VM tells of processes: messages, spawns, links, names, ends, and where asked
  garbage collections and scheduling; and of the calls that `ElixirScope.Calls` asks for.

  The VM calls the capture library on the thread on which something happens
  (`erl_tracer`), so it stands in the recording in the order of the probes' events, and
  no process is sent anything. See `ElixirScope.start_recording/1` for what can be asked.

  From OTP 27 on, this is a trace session of its own, and other tools may trace the same
  processes. Before, the VM allows one tracer: where another tool traces already, nothing
  is changed, and the error says who does.
  """

  alias ElixirScope.Native

  @flags [
    messages: [:send, :receive],
    processes: [:procs],
    garbage_collection: [:garbage_collection],
    scheduling: [:running],
    calls: [:call],
    arity: [:arity]
  ]

  # With the message comes who sent it.
  @with_sender [{[:_, :"$1", :_], [], [{:message, :"$1"}]}]

  # `state`: what processes are traced with, none while nothing is; `session`: OTP 27's.
  defstruct state: nil, session: nil

  @typedoc "What is told."
  @type flag :: :messages | :processes | :garbage_collection | :scheduling

  @typedoc "Of whom: every process, those that are there, those to come, or these and all they spawn."
  @type processes :: :all | :existing | :new | [pid | atom]

  @typedoc "The tracing of a recording."
  @opaque t :: %__MODULE__{}

  @doc "What can be asked for."
  @spec flags() :: [flag]
  def flags, do: Keyword.keys(@flags) -- [:calls, :arity]

  @doc "Begins; called by the process that owns the recording, when that runs."
  @spec start([flag], processes) :: {:ok, t} | {:error, String.t()}
  def start(flags, processes), do: add(%__MODULE__{}, flags, processes)

  @doc "Lets these be told of more processes, or more of them; by the recording's owner."
  @spec add(t, [flag | :calls | :arity], processes) :: {:ok, t} | {:error, String.t()}
  def add(tracer, [], _processes), do: {:ok, tracer}

  def add(tracer, flags, processes) do
    with {:ok, specs} <- specs(processes),
         {:ok, tracer} <- open(tracer),
         :ok <- set(tracer, specs, flags, is_list(processes)) do
      {:ok, tracer}
    else
      {:error, _} = error ->
        # What was told before goes on.
        if tracer.state == nil, do: forget()
        error
    end
  end

  @doc "Lets these no longer be told of processes."
  @spec remove(t, [flag | :calls | :arity], processes) :: :ok | {:error, String.t()}
  def remove(%{state: nil}, _flags, _processes), do: :ok

  def remove(tracer, flags, processes) do
    with {:ok, specs} <- specs(processes) do
      flags = [:set_on_spawn | Enum.flat_map(flags, &@flags[&1])]
      for spec <- specs, do: unset(tracer, spec, flags)
      :ok
    end
  end

  @doc """
  Sets the trace pattern of functions, or takes it back (`false`); how many there are.
  """
  @spec pattern(t, mfa, list | false, [:local | :global]) :: non_neg_integer
  def pattern(%{session: nil}, mfa, spec, how), do: :erlang.trace_pattern(mfa, spec, how)

  def pattern(%{session: session}, mfa, spec, how),
    do: trace(:function, [session, mfa, spec, how])

  @doc "Ends; no process keeps a flag."
  @spec stop(t) :: :ok
  def stop(%{state: nil}), do: :ok
  def stop(%{session: nil}), do: forget()

  def stop(%{session: session}) do
    Native.trace_off()
    trace(:session_destroy, [session])
    :ok
  end

  @doc """
  Ends what a recorder that crashed had begun. Its session, if it had one, went with it.
  """
  @spec recover() :: :ok
  def recover do
    if sessions?() do
      Native.trace_off()
      :ok
    else
      if own?(tracer(:new_processes)) or own_pattern?() or traced() != [],
        do: forget(),
        else: :ok
    end
  end

  defp forget do
    Native.trace_off()

    unless sessions?() do
      if own?(tracer(:new_processes)), do: :erlang.trace(:new_processes, false, [:all])
      clear()
      if own_pattern?(), do: :erlang.trace_pattern(:receive, true, [])
    end

    :ok
  end

  defp specs(processes) when is_atom(processes), do: {:ok, [processes]}

  defp specs(processes) do
    Enum.reduce_while(processes, {:ok, []}, fn process, {:ok, pids} ->
      pid = if is_atom(process), do: Process.whereis(process), else: process

      if is_pid(pid) and node(pid) == node() and Process.alive?(pid),
        do: {:cont, {:ok, [pid | pids]}},
        else: {:halt, {:error, "cannot trace #{inspect(process)}: there is no such process here"}}
    end)
  end

  defp open(%{state: nil} = tracer) do
    with :ok <- alone() do
      note_names()
      state = System.unique_integer([:positive])
      Native.trace_on(state)

      session = if sessions?(), do: trace(:session_create, [:elixir_scope, {Native, state}, []])

      {:ok, %{tracer | state: state, session: session}}
    end
  end

  defp open(tracer), do: {:ok, tracer}

  defp set(tracer, specs, flags, listed?) do
    if :messages in flags, do: with_sender(tracer)
    flags = Enum.flat_map(flags, &@flags[&1]) ++ if(listed?, do: [:set_on_spawn], else: [])
    for spec <- specs, do: process(tracer, spec, true, flags)
    for pid <- own_processes(), do: process(tracer, pid, false, [:all])
    :ok
  rescue
    # It ended meanwhile, or another tool was faster.
    ArgumentError -> {:error, "a process to trace ended just now, or is traced by another tool"}
  end

  defp unset(tracer, spec, flags) do
    process(tracer, spec, false, flags)
  rescue
    # It ended meanwhile, and its flags with it.
    ArgumentError -> 0
  end

  defp with_sender(%{session: nil}), do: :erlang.trace_pattern(:receive, @with_sender, [])
  defp with_sender(%{session: session}), do: trace(:recv, [session, @with_sender, []])

  defp process(%{session: nil, state: state}, spec, true, flags),
    do: :erlang.trace(spec(spec), true, [{:tracer, Native, state} | flags])

  defp process(%{session: nil}, spec, false, flags), do: :erlang.trace(spec(spec), false, flags)

  defp process(%{session: session}, spec, how, flags),
    do: trace(:process, [session, spec, how, flags])

  # As erlang:trace/3 calls them; a session's would be ports too.
  defp spec(:all), do: :processes
  defp spec(:existing), do: :existing_processes
  defp spec(:new), do: :new_processes
  defp spec(pid), do: pid

  # One tracer for a process, one pattern for all of the VM: nothing of another tool's
  # is touched.
  defp alone do
    cond do
      sessions?() ->
        :ok

      other = Enum.find([:new_processes | Process.list()], &(tracer(&1) not in [[], nil])) ->
        {:error,
         "#{inspect(tracer(other))} traces #{inspect(other)} already, and OTP " <>
           "#{System.otp_release()} allows one tracer (OTP 27 more); stop it first"}

      :erlang.trace_info(:receive, :match_spec) != {:match_spec, true} ->
        {:error,
         "another tool has set a trace pattern for receive; " <>
           ":erlang.trace_pattern(:receive, true, []) takes it back"}

      true ->
        :ok
    end
  end

  # Sends to a name do not say to which process.
  defp note_names do
    for name <- Process.registered(), pid = Process.whereis(name), is_pid(pid) do
      Native.note_register(pid, name)
    end
  end

  defp own_processes do
    for name <- [ElixirScope.Recorder, ElixirScope.Supervisor],
        pid = Process.whereis(name),
        do: pid
  end

  # Until nobody is left: a traced process may have spawned another meanwhile.
  defp clear do
    case traced() do
      [] ->
        :ok

      pids ->
        for pid <- pids, do: untrace(pid)
        clear()
    end
  end

  defp untrace(pid) do
    :erlang.trace(pid, false, [:all])
  rescue
    # It ended meanwhile.
    ArgumentError -> 0
  end

  defp traced, do: Enum.filter(Process.list(), &own?(tracer(&1)))

  defp own?(tracer), do: match?({Native, _}, tracer)

  defp own_pattern?, do: :erlang.trace_info(:receive, :match_spec) == {:match_spec, @with_sender}

  defp tracer(process) do
    case :erlang.trace_info(process, :tracer) do
      {:tracer, tracer} -> tracer
      :undefined -> nil
    end
  end

  defp sessions?,
    do: Code.ensure_loaded?(:trace) and function_exported?(:trace, :session_create, 3)

  # Not there before OTP 27.
  defp trace(function, arguments), do: apply(:trace, function, arguments)
end
