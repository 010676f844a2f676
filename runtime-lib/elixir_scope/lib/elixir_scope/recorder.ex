defmodule ElixirScope.Recorder do
  @moduledoc """
  The process that owns the recording, if there is one.

  The capture library sends it each process it sees for the first time; the
  recorder watches that process, names it, and notes its end. It closes the
  recording when the VM stops in order, and when no more can be written.
  """
  use GenServer

  alias ElixirScope.Health.Watch

  alias ElixirScope.{
    Calls,
    Context,
    Gate,
    Native,
    ProcessName,
    Redaction,
    Retention,
    RunDir,
    TimeTravel,
    Trace,
    Tracer,
    Traces
  }

  @sweep 1000

  @enforce_keys [:run]
  defstruct [:run, :tracing, :traces, :health, :watch] ++
              [told: [], for_traces?: false, watched: %{}]

  @doc false
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc """
  Starts a recording; see `ElixirScope.start_recording/1` for the options.
  """
  @spec start(map) :: {:ok, Path.t()} | {:error, String.t()}
  def start(options), do: GenServer.call(__MODULE__, {:start, options}, :infinity)

  @doc "Stops the recording."
  @spec stop() :: :ok | {:error, String.t()}
  def stop, do: GenServer.call(__MODULE__, :stop, :infinity)

  @doc "The folder of the last recording of this VM, and why it ended early."
  @spec last() :: %{dir: Path.t() | nil, failure: String.t() | nil}
  def last do
    GenServer.call(__MODULE__, :last, :infinity)
  catch
    # The VM is going down, and the recorder went first.
    :exit, _ -> %{dir: nil, failure: nil}
  end

  @doc "Adds a node map to the recording, if there is one."
  @spec add_map(Path.t()) :: :ok | {:error, String.t()}
  def add_map(path), do: GenServer.call(__MODULE__, {:add_map, path}, :infinity)

  @doc "Lets the VM tell of calls; see `ElixirScope.trace_calls/2`."
  @spec trace_calls(Calls.t()) :: {:ok, pos_integer} | {:error, String.t()}
  def trace_calls(request), do: GenServer.call(__MODULE__, {:trace_calls, request}, :infinity)

  @doc "Lets it tell of none."
  @spec stop_trace_calls() :: :ok | {:error, String.t()}
  def stop_trace_calls, do: GenServer.call(__MODULE__, :stop_trace_calls, :infinity)

  @doc "Lets the VM tell of more processes, or of fewer; see `ElixirScope.trace_processes/2`."
  @spec trace_processes(:add | :remove, Tracer.processes()) :: :ok | {:error, String.t()}
  def trace_processes(how, processes),
    do: GenServer.call(__MODULE__, {:trace_processes, how, processes}, :infinity)

  @doc """
  Adds a trace to the recording. `:none` when nothing is recorded.
  """
  @spec trace(Trace.t()) :: {:ok, reference} | :none | {:error, String.t()}
  def trace(trace), do: GenServer.call(__MODULE__, {:trace, trace}, :infinity)

  @doc """
  Ends traces: one by its reference, those of a target, or all. Gives their number.

  A recording that a trace started ends with the last one.
  """
  @spec stop_trace(reference | Trace.target() | :all) :: non_neg_integer
  def stop_trace(which), do: GenServer.call(__MODULE__, {:stop_trace, which}, :infinity)

  @doc "The traces that run."
  @spec traces() :: [Trace.info()]
  def traces, do: GenServer.call(__MODULE__, :traces, :infinity)

  @impl true
  def init(nil) do
    # So that `terminate/2` runs when the application stops.
    Process.flag(:trap_exit, true)
    {:ok, %{recording: nil, last: %{dir: nil, failure: nil}}, {:continue, :orphan}}
  end

  # A recorder that crashed leaves a recording without an owner.
  @impl true
  def handle_continue(:orphan, state) do
    if Gate.on?() do
      Tracer.recover()
      Calls.recover()
      close_gate()
    end

    {:noreply, state}
  end

  @impl true
  def handle_call({:start, _options}, _from, %{recording: recording} = state)
      when recording != nil do
    message = "a recording is running already, in #{recording.run.path}; stop it first"
    {:reply, {:error, message}, state}
  end

  def handle_call({:start, options}, _from, state) do
    case open(options) do
      {:ok, run, tracing, traces} ->
        Process.send_after(self(), {:sweep, run.id}, @sweep)
        last = %{dir: run.path, failure: nil}
        recording = %__MODULE__{run: run, tracing: tracing, traces: traces, told: options.trace}
        health = Map.put(options.health, :dir, run.path)
        recording = %{recording | for_traces?: options.for_traces?, health: health}
        recording = look_after(recording)
        {:reply, {:ok, run.path}, %{state | recording: recording, last: last}}

      {:error, _} = error ->
        {:reply, error, state}
    end
  end

  def handle_call(:stop, _from, %{recording: nil} = state),
    do: {:reply, {:error, "no recording is running"}, state}

  def handle_call(:stop, _from, state), do: {:reply, :ok, finish(state)}

  def handle_call(:last, _from, state), do: {:reply, state.last, state}

  def handle_call({:add_map, _path}, _from, %{recording: nil} = state),
    do: {:reply, :ok, state}

  def handle_call({:add_map, path}, _from, %{recording: recording} = state) do
    case RunDir.add_map(recording.run, path) do
      {:ok, run} ->
        traces = Traces.refresh(recording.traces, RunDir.maps(run))
        {:reply, :ok, %{state | recording: %{recording | run: run, traces: traces}}}

      {:error, _} = error ->
        {:reply, error, state}
    end
  end

  def handle_call({:trace, _trace}, _from, %{recording: nil} = state),
    do: {:reply, :none, state}

  def handle_call({:trace, trace}, _from, %{recording: recording} = state) do
    with :ok <- can_inherit(trace, recording),
         {:ok, traces} <- Traces.add(recording.traces, trace, RunDir.maps(recording.run)) do
      {:reply, {:ok, trace.ref}, %{state | recording: %{recording | traces: traces}}}
    else
      {:error, _} = error -> {:reply, error, without_use(state)}
    end
  end

  def handle_call({:stop_trace, _which}, _from, %{recording: nil} = state), do: {:reply, 0, state}

  def handle_call({:stop_trace, which}, _from, %{recording: recording} = state) do
    {count, traces} = Traces.stop(recording.traces, &(which in [:all, &1.ref, &1.target]))
    {:reply, count, ended(state, count, traces)}
  end

  def handle_call(:traces, _from, %{recording: nil} = state), do: {:reply, [], state}

  def handle_call(:traces, _from, %{recording: recording} = state),
    do: {:reply, Enum.map(recording.traces.active, &Trace.info/1), state}

  def handle_call(_traced, _from, %{recording: nil} = state) do
    error = "no recording is running; ElixirScope.start_recording/1 starts one"
    {:reply, {:error, error}, state}
  end

  def handle_call({:trace_calls, request}, _from, %{recording: recording} = state) do
    case Calls.start(recording.tracing, request) do
      {:ok, tracing, count} ->
        unless request.duration == :infinity,
          do: Process.send_after(self(), {:calls_end, recording.run.id}, request.duration)

        {:reply, {:ok, count}, %{state | recording: %{recording | tracing: tracing}}}

      {:error, _} = error ->
        {:reply, error, state}
    end
  end

  def handle_call(:stop_trace_calls, _from, state),
    do: {:reply, Calls.stop(state.recording.tracing), state}

  def handle_call({:trace_processes, _, _}, _from, %{recording: %{told: []}} = state),
    do: {:reply, {:error, "start_recording/1 was not asked to :trace anything"}, state}

  def handle_call({:trace_processes, :add, processes}, _from, %{recording: recording} = state) do
    case Tracer.add(recording.tracing, recording.told, processes) do
      {:ok, tracing} -> {:reply, :ok, %{state | recording: %{recording | tracing: tracing}}}
      {:error, _} = error -> {:reply, error, state}
    end
  end

  def handle_call({:trace_processes, :remove, processes}, _from, %{recording: recording} = state),
    do: {:reply, Tracer.remove(recording.tracing, recording.told, processes), state}

  @impl true
  def handle_info(pid, state) when pid == self(), do: {:noreply, state}

  def handle_info(pid, %{recording: recording} = state) when is_pid(pid) do
    if recording == nil or is_map_key(recording.watched, pid),
      do: {:noreply, state},
      else: {:noreply, %{state | recording: watch(recording, pid)}}
  end

  def handle_info({:trace_over, reference}, %{recording: %{traces: traces}} = state) do
    {count, traces} = Traces.stop(traces, &(&1.ref == reference))
    {:noreply, ended(state, count, traces)}
  end

  def handle_info({:DOWN, _, :process, _, _}, %{recording: nil} = state), do: {:noreply, state}

  def handle_info({:DOWN, reference, :process, pid, reason}, %{recording: recording} = state) do
    with %{^pid => {^reference, name}} <- recording.watched do
      # Of a process that was gone before it could be watched, no reason is known.
      Native.note_exit(pid, if(reason == :noproc, do: [], else: [reason]))
      if name, do: Native.forget_name(pid)
      watched = Map.delete(recording.watched, pid)
      {:noreply, %{state | recording: %{recording | watched: watched}}}
    else
      _ ->
        {count, traces} = Traces.down(recording.traces, reference)
        {:noreply, ended(state, count, traces)}
    end
  end

  def handle_info({:sweep, id}, %{recording: %{run: %{id: id}} = recording} = state) do
    Process.send_after(self(), {:sweep, id}, @sweep)

    case failure() do
      nil -> {:noreply, %{state | recording: recording |> rename() |> reopen()}}
      reason -> {:noreply, give_up(state, reason)}
    end
  end

  # A limit of traced calls is used up: `nif/src/calls.rs`.
  def handle_info(limit, %{recording: recording} = state)
      when limit in [:max, :per_second] and recording != nil do
    Calls.stop(recording.tracing)
    Native.mark(0, :trace_calls_ended, limit)
    warn("no more calls are traced: #{inspect(limit)} was reached")
    {:noreply, state}
  end

  def handle_info({:calls_end, id}, %{recording: %{run: %{id: id}} = recording} = state) do
    Calls.stop(recording.tracing)
    {:noreply, state}
  end

  # Whatever ended it, recording goes on, and at the level that it begins with.
  def handle_info({:EXIT, pid, _}, %{recording: %{watch: pid} = recording} = state) do
    Native.set_detail(:values, :watch_ended)
    TimeTravel.wanted()
    {:noreply, %{state | recording: look_after(recording)}}
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def terminate(_reason, %{recording: nil}), do: :ok
  def terminate(_reason, state), do: finish(state)

  defp open(options) do
    with :ok <- Native.load(),
         {:ok, run} <- RunDir.create(options.dir, options.app, options.keep) do
      with {:error, _} = error <- begin(run, options) do
        # Of a recording that never was, nothing stays.
        File.rm_rf(run.path)
        error
      end
    end
  end

  defp begin(run, options) do
    with {:ok, run} <- add_maps(run, options.maps),
         {:ok, traces} <- begin_capture(run, options),
         :ok <- Retention.remove_old(options.dir, run.path, options.runs),
         {:ok, tracing} <- begin_tracing(options),
         do: {:ok, run, tracing, traces}
  end

  # Last: from here on the VM tells.
  defp begin_tracing(options) do
    Native.trace_outlines(not options.contents)

    with {:error, _} = error <- Tracer.start(options.trace, options.trace_processes) do
      close_gate()
      error
    end
  end

  defp add_maps(run, maps) do
    Enum.reduce_while(maps, {:ok, run}, fn map, {:ok, run} ->
      case RunDir.add_map(run, map) do
        {:ok, run} -> {:cont, {:ok, run}}
        {:error, _} = error -> {:halt, error}
      end
    end)
  end

  defp begin_capture(run, options) do
    machine = [:erlang.system_info(:process_limit), :erlang.system_info(:schedulers)]
    limits = options.limits ++ machine ++ options.retention
    secrets = Redaction.native(options.redact)

    with :ok <- Native.start(run.path, run.id, limits, self(), Native.samples(), secrets),
         :ok <- Context.prepare(),
         {:ok, traces} <- Traces.begin(options.only),
         :ok <- Gate.on() do
      {:ok, traces}
    else
      {:error, reason} ->
        Native.stop()
        {:error, "cannot record in #{run.path}: #{reason}"}
    end
  end

  defp look_after(recording) do
    case Watch.start_link(recording.health) do
      {:ok, pid} -> %{recording | watch: pid}
      {:error, _} -> %{recording | watch: nil}
    end
  end

  defp close(%{recording: recording} = state, failure) do
    if recording.watch, do: Watch.finish(recording.watch, failure)
    Calls.stop(recording.tracing)
    Tracer.stop(recording.tracing)
    close_gate()
    Traces.close(recording.traces)

    for {_pid, {reference, _name}} <- recording.watched,
        do: Process.demonitor(reference, [:flush])

    %{state | recording: nil}
  end

  # The library is silent whether or not the gate moves. Loading the gate's code
  # waits for every scheduler, so for probes that were still at it: they find their
  # segments, and when this returns none of them writes.
  defp close_gate do
    library = Native.load()
    if library == :ok, do: Native.silence()
    Gate.off()
    if library == :ok, do: Native.stop()
  end

  # A recording may end before the sweep notices that it had to.
  defp finish(state) do
    case failure() do
      nil -> close(state, nil)
      reason -> give_up(state, reason)
    end
  end

  defp failure do
    case Native.status() do
      {true, _, ""} -> nil
      {false, [_, _, _, _, _, panics | _], ""} when panics > 0 -> "a probe failed; capture is off"
      # Another one, which knows nothing of this recording.
      {false, _, ""} -> "the capture library was replaced"
      {_, _, reason} -> reason
    end
  end

  defp give_up(%{recording: recording} = state, reason) do
    {_, [_, _, lost | _], _} = Native.status()
    state = close(state, reason)
    RunDir.write(%{recording.run | failure: reason})

    warn("the recording ends, the program runs on: #{reason} (#{lost} events lost)")
    %{state | last: %{dir: recording.run.path, failure: reason}}
  end

  defp warn(text) do
    IO.puts(:stderr, IO.ANSI.format([:yellow, "warning: ", :reset, "elixir_scope: ", text]))
  end

  defp ended(state, count, traces) do
    state = put_in(state.recording.traces, traces)
    if count > 0, do: without_use(state), else: state
  end

  # A recording that was started for traces ends with them.
  defp without_use(%{recording: %{for_traces?: true, traces: %{active: []}}} = state),
    do: finish(state)

  defp without_use(state), do: state

  # The VM says who spawns whom, if it was asked.
  defp can_inherit(trace, recording) do
    if trace.options[:inherit] and :processes not in recording.told,
      do:
        {:error,
         "inherit: true needs to be told who spawns whom, and the recording that runs is not: " <>
           "start it with trace: [:processes]"},
      else: :ok
  end

  defp watch(recording, pid) do
    # At once: many a process is about to end.
    reference = Process.monitor(pid)
    name = ProcessName.of(pid)
    if name, do: Native.note_name(pid, name)
    put_in(recording.watched[pid], {reference, name})
  end

  # Somebody has loaded the package's modules again, and with them the one for off.
  defp reopen(recording) do
    with false <- Gate.on?(), :ok <- Gate.on() do
      :scope_probe.mark(0, :"elixir_scope: probes were off until here", nil)
    end

    recording
  end

  # A process may be registered after it was first seen.
  defp rename(recording) do
    watched =
      for {pid, {reference, name}} <- recording.watched, into: %{} do
        now = ProcessName.registered(pid) || name
        if now != name, do: Native.note_name(pid, now)
        {pid, {reference, now}}
      end

    %{recording | watched: watched}
  end
end
