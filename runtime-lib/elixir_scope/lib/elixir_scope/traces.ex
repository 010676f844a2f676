defmodule ElixirScope.Traces do
  @moduledoc """
  The traces of a recording, together: what the capture library is told to write.

  Events of a trace are written as fully as the fullest trace says that they belong to; a
  trace of level `:off` leaves out whatever others want. What belongs to none is written
  as much as the traces' `:others` says, and without a trace as the recording's `:only`.
  The process that owns the recording keeps this.
  """

  alias ElixirScope.{Native, TimeTravel, Trace}

  @most 32

  defstruct only: :all, active: []

  @type t :: %__MODULE__{only: :all | :traced, active: [Trace.t()]}

  @doc "Those of a new recording, that runs from now on."
  @spec begin(:all | :traced) :: {:ok, t} | {:error, String.t()}
  def begin(:all), do: {:ok, %__MODULE__{}}

  def begin(:traced),
    do: apply_to(%__MODULE__{}, %__MODULE__{only: :traced}, [:only_traced, ""])

  @doc "Adds a trace, whose sites are in these node maps."
  @spec add(t, Trace.t(), [Path.t()]) :: {:ok, t} | {:error, String.t()}
  def add(%{active: active}, _trace, _maps) when length(active) == @most,
    do: {:error, "#{@most} traces run already; ElixirScope.stop_trace(:all) ends them"}

  def add(traces, trace, maps) do
    with {:ok, trace} <- Trace.resolve(trace, maps) do
      slots = for %{slot: slot} <- traces.active, do: slot
      trace = %{trace | slot: Enum.find(0..(@most - 1), &(&1 not in slots))}
      added = %{traces | active: traces.active ++ [trace]}

      with {:ok, added} <- apply_to(traces, added, [:trace_started, Trace.describe(trace)]),
           do: {:ok, update_in(added.active, &List.replace_at(&1, -1, watched(trace)))}
    end
  end

  @doc "Ends the traces that `ended?` holds for; gives their number."
  @spec stop(t, (Trace.t() -> boolean)) :: {non_neg_integer, t}
  def stop(traces, ended?) do
    {ended, left} = Enum.split_with(traces.active, ended?)

    traces =
      Enum.reduce(ended, traces, fn trace, traces ->
        release(trace)
        fewer = %{traces | active: traces.active -- [trace]}
        # Where nothing is written any more, there is nobody to tell.
        apply_to(traces, fewer, [:trace_ended, Trace.describe(trace)])
        fewer
      end)

    {length(ended), %{traces | active: left}}
  end

  @doc "Finds the sites anew: code was compiled again."
  @spec refresh(t, [Path.t()]) :: t
  def refresh(%{active: []} = traces, _maps), do: traces

  def refresh(traces, maps) do
    active =
      for trace <- traces.active do
        # Of a module that is gone, nothing is left to write.
        case Trace.resolve(trace, maps) do
          {:ok, trace} -> trace
          {:error, _} -> %{trace | sites: []}
        end
      end

    fresh = %{traces | active: active}
    if fresh != traces, do: apply_to(traces, fresh, [:code_changed, ""])
    fresh
  end

  @doc "A process ended: so does the trace of it alone, unless it goes on with its children."
  @spec down(t, reference) :: {non_neg_integer, t}
  def down(traces, monitor) do
    active =
      for trace <- traces.active, do: %{trace | monitors: Map.delete(trace.monitors, monitor)}

    over? = &(&1.monitors == %{} and &1.processes != :all and not &1.options[:inherit])
    stop(%{traces | active: active}, over?)
  end

  @doc "Forgets all of them: the recording is over."
  @spec close(t) :: :ok
  def close(traces), do: Enum.each(traces.active, &release/1)

  defp watched(trace) do
    pids = if trace.processes == :all, do: [], else: trace.processes
    monitors = for pid <- pids, into: %{}, do: {Process.monitor(pid), pid}

    timer =
      if trace.options[:duration] != :infinity,
        do: Process.send_after(self(), {:trace_over, trace.ref}, trace.options[:duration])

    %{trace | monitors: monitors, timer: timer}
  end

  defp release(trace) do
    for {monitor, _pid} <- trace.monitors, do: Process.demonitor(monitor, [:flush])
    if trace.timer, do: Process.cancel_timer(trace.timer)
  end

  defp apply_to(before, traces, what) do
    native = Enum.map(traces.active, &Trace.native/1)

    if Native.set_traces(others(traces), native, wider?(before, traces), what) do
      TimeTravel.wanted()
      {:ok, traces}
    else
      {:error, "capture is off"}
    end
  end

  # The number of the level of what belongs to no trace.
  defp others(traces) do
    case wanted(traces) do
      [] -> if traces.only == :all, do: 0, else: 3
      some -> some |> Enum.map(&Trace.number(&1.options[:others])) |> Enum.min()
    end
  end

  defp wanted(traces), do: Enum.reject(traces.active, &(&1.options[:level] == :off))

  # Whether all that was written is still written, as fully.
  defp wider?(before, traces) do
    old = others(before)

    others(traces) <= old and before.active -- traces.active == [] and
      Enum.all?(
        traces.active -- before.active,
        &(Trace.number(&1.options[:level]) <= min(old, 2))
      )
  end
end
