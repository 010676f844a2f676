defmodule ElixirScope.Tracer do
  @moduledoc """
  What the VM tells of processes: messages, spawns, links, names, ends, and where asked
  garbage collections and scheduling.

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
    scheduling: [:running]
  ]

  # With the message comes who sent it.
  @with_sender [{[:_, :"$1", :_], [], [{:message, :"$1"}]}]

  @typedoc "What is told."
  @type flag :: :messages | :processes | :garbage_collection | :scheduling

  @typedoc "Of whom: every process, those that are there, those to come, or these and all they spawn."
  @type processes :: :all | :existing | :new | [pid | atom]

  @typedoc "What `stop/1` needs."
  @opaque t :: :none | :flags | {:session, term}

  @doc "What can be asked for."
  @spec flags() :: [flag]
  def flags, do: Keyword.keys(@flags)

  @doc "Begins; called by the process that owns the recording, when that runs."
  @spec start([flag], processes) :: {:ok, t} | {:error, String.t()}
  def start([], _processes), do: {:ok, :none}

  def start(flags, processes) do
    with {:ok, specs} <- specs(processes),
         :ok <- alone() do
      note_names()
      state = System.unique_integer([:positive])
      Native.trace_on(state)

      flags =
        Enum.flat_map(flags, &@flags[&1]) ++ if(is_list(processes), do: [:set_on_spawn], else: [])

      begin(specs, flags, {Native, state})
    end
  end

  @doc "Ends; no process keeps a flag."
  @spec stop(t) :: :ok
  def stop(:none), do: :ok

  def stop({:session, session}) do
    Native.trace_off()
    trace(:session_destroy, [session])
    :ok
  end

  def stop(:flags) do
    Native.trace_off()
    :erlang.trace(:new_processes, false, [:all])
    clear()
    if own_pattern?(), do: :erlang.trace_pattern(:receive, true, [])
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
        do: stop(:flags),
        else: :ok
    end
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

  defp begin(specs, flags, tracer) do
    if sessions?(), do: begin_session(specs, flags, tracer), else: set_flags(specs, flags, tracer)
  end

  defp begin_session(specs, flags, {module, state}) do
    session = trace(:session_create, [:elixir_scope, {module, state}, []])
    trace(:recv, [session, @with_sender, []])
    for spec <- specs, do: trace(:process, [session, spec, true, flags])
    for pid <- own_processes(), do: trace(:process, [session, pid, false, [:all]])
    {:ok, {:session, session}}
  rescue
    # It ended meanwhile.
    ArgumentError -> {:error, "a process to trace ended just now"}
  end

  defp set_flags(specs, flags, tracer) do
    :erlang.trace_pattern(:receive, @with_sender, [])
    {module, state} = tracer
    for spec <- specs, do: :erlang.trace(spec(spec), true, [{:tracer, module, state} | flags])
    for pid <- own_processes(), do: :erlang.trace(pid, false, [:all])
    {:ok, :flags}
  rescue
    # It ended meanwhile, or another tool was faster.
    ArgumentError ->
      stop(:flags)
      {:error, "a process to trace ended just now, or is traced by another tool"}
  end

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
