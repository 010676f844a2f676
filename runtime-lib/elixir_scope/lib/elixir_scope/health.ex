defmodule ElixirScope.Health do
  @moduledoc """
  What recording costs, and what it has lost: `ElixirScope.health/0`.

  The numbers come from the capture library, which keeps them while it records. Of
  about 64 events one is timed, from its time stamp until it is published. A time that
  stands out is most often one in which the system gave the processor to another
  thread: the percentiles have it, and `overhead` counts 2^18 ticks of it (about 0.1 ms).
  """

  alias ElixirScope.Health.{Memory, Watch}
  alias ElixirScope.{Native, Recorder}

  @typedoc """
  A look at a recording.

    * `:recording` - whether one runs. If none does, the numbers are those of its end;
    * `:detail` - what is recorded now, and how often that has changed: see
      `ElixirScope.Health.Breaker`;
    * `:events`, `:bytes`, `:lost_events`, `:lost_bytes`, `:truncated`, `:panics` - since
      the recording began;
    * `:window_ms` - the time that the rest is about, a second or two;
    * `:rates` - events, bytes, lost and truncated events, per second;
    * `:drop_rate` - the share of events that found no room;
    * `:overhead` - the share of all schedulers' time that events took, with the calls
      of native functions and the helper thread. It is an estimate: the number of events
      times their mean time;
    * `:probe_ns` - how long an event takes, since the recording began: the `:mean`, what
      50, 90, 99 and 99.9 percent take at most (a sixteenth too high), and the longest of
      those that were `:timed`;
    * `:segments` - `:rings` that are written, how full their segments are, how many
      segments stand `:ready` of those that are `:wanted`, and how many full ones are
      `:waiting` for the helper thread;
    * `:memory` - bytes of the segments that are `:mapped`, and of the `:recorder`'s
      process, and those that the machine or the container has `:available`, if that is
      known (`ElixirScope.Health.Memory`);
    * `:disk` - bytes of all segments (`:used`), and what the disk has `:free`;
    * `:mailbox` - messages that wait for the recorder;
    * `:remembered` - named processes that ended, whose names are still there.
  """
  @type t :: %{
          recording: boolean,
          detail: %{level: atom, changes: non_neg_integer},
          events: non_neg_integer,
          bytes: non_neg_integer,
          lost_events: non_neg_integer,
          lost_bytes: non_neg_integer,
          truncated: non_neg_integer,
          panics: non_neg_integer,
          window_ms: non_neg_integer,
          rates: %{events: float, bytes: float, lost: float, truncated: float},
          drop_rate: float,
          overhead: float,
          probe_ns: %{
            timed: non_neg_integer,
            mean: float,
            p50: float,
            p90: float,
            p99: float,
            p999: float,
            max: float
          },
          segments: %{
            rings: non_neg_integer,
            fill: float,
            ready: non_neg_integer,
            wanted: non_neg_integer,
            waiting: non_neg_integer
          },
          memory: %{
            mapped: non_neg_integer,
            recorder: non_neg_integer,
            available: non_neg_integer | nil
          },
          disk: %{used: non_neg_integer, free: non_neg_integer},
          mailbox: non_neg_integer,
          remembered: non_neg_integer
        }

  @typedoc "What is measured at one moment."
  @type sample :: map

  @counts [:events, :bytes, :lost_events, :lost_bytes, :truncated, :panics] ++
            [:recycled, :disk_used]
  @numbers [:rings, :written, :capacity, :ready, :wanted, :waiting, :mapped] ++
             [:helper_ns, :disk_free, :timed, :remembered]
  @latencies [:timed_ns, :p50, :p90, :p99, :p999, :max]

  @doc "What `ElixirScope.health/0` gives."
  @spec now() :: t
  def now do
    sample = if Native.load() == :ok, do: sample(), else: zero(0)

    case Watch.last_looks() do
      {earlier, detail, call_ns} -> between(earlier, sample, detail, call_ns)
      nil -> between(sample, sample, %{level: :values, changes: 0}, 0.0)
    end
  end

  @doc """
  Measures now.
  """
  @spec sample() :: sample
  def sample do
    {recording, counts, _} = Native.status()
    {numbers, latencies} = Native.health()
    {memory, mailbox} = recorder()

    %{recording: recording, at_ns: System.monotonic_time(:nanosecond)}
    |> Map.merge(%{recorder: memory, mailbox: mailbox, available: Memory.available()})
    |> Map.merge(named(@counts, counts))
    |> Map.merge(named(@numbers, numbers))
    |> Map.merge(named(@latencies, latencies))
  end

  @doc """
  A sample of nothing, at a moment in ns.
  """
  @spec zero(integer) :: sample
  def zero(at_ns) do
    %{recording: false, at_ns: at_ns, recorder: 0, mailbox: 0, available: nil}
    |> Map.merge(named(@counts ++ @numbers ++ @latencies, []))
  end

  # What is not there is nought.
  defp named(names, values),
    do: Enum.zip(names, Stream.concat(values, Stream.cycle([0]))) |> Map.new()

  defp recorder do
    with pid when is_pid(pid) <- Process.whereis(Recorder),
         [memory: memory, message_queue_len: mailbox] <-
           Process.info(pid, [:memory, :message_queue_len]) do
      {memory, mailbox}
    else
      _ -> {0, 0}
    end
  end

  @doc """
  What happened between two samples of a recording; `detail` is the breaker's.

  `call_ns` is what calling a native function costs, which no event's time has in it.
  """
  @spec between(sample, sample, map, float, pos_integer) :: t
  def between(earlier, later, detail, call_ns, schedulers \\ System.schedulers_online()) do
    gained = fn key -> max(later[key] - earlier[key], 0) end
    window = max(gained.(:at_ns), 1)
    {events, lost} = {gained.(:events), gained.(:lost_events)}
    per_second = fn key -> gained.(key) * 1.0e9 / window end
    busy = events * (mean(earlier, later) + call_ns) + gained.(:helper_ns)

    later
    |> Map.take([:recording, :mailbox, :remembered] ++ (@counts -- [:recycled, :disk_used]))
    |> Map.merge(%{
      detail: detail,
      window_ms: div(window, 1_000_000),
      rates: %{
        events: per_second.(:events),
        bytes: per_second.(:bytes),
        lost: per_second.(:lost_events),
        truncated: per_second.(:truncated)
      },
      drop_rate: lost / max(events + lost, 1),
      overhead: busy / window / schedulers
    })
    |> Map.merge(state(later))
  end

  defp state(sample) do
    %{
      probe_ns:
        sample
        |> Map.take([:timed, :p50, :p90, :p99, :p999, :max])
        |> Map.put(:mean, sample.timed_ns / max(sample.timed, 1)),
      segments:
        sample
        |> Map.take([:rings, :ready, :wanted, :waiting])
        |> Map.put(:fill, sample.written / max(sample.capacity, 1)),
      memory: Map.take(sample, [:mapped, :recorder, :available]),
      disk: %{used: sample.disk_used, free: sample.disk_free}
    }
  end

  # Of the window, if enough was timed in it to say so.
  defp mean(earlier, later) do
    timed = later.timed - earlier.timed

    if timed >= 100,
      do: (later.timed_ns - earlier.timed_ns) / timed,
      else: later.timed_ns / max(later.timed, 1)
  end

  @doc """
  What calling a native function costs on this machine, in ns: the least of several
  measurements, as other load can only add.
  """
  @spec call_ns() :: float
  def call_ns do
    turns = 1000
    times = for _ <- 1..5, do: elem(:timer.tc(fn -> call(turns) end), 0)
    Enum.min(times) * 1000 / turns
  end

  defp call(0), do: :ok

  defp call(n) do
    Native.nop()
    call(n - 1)
  end
end
