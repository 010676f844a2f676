defmodule ElixirScope do
  @moduledoc """
  Records what a program does, to be read by `elixirscope trace`.

  Code that was compiled by the Mix step (`compilers: [:elixir_scope] ++ …`) has
  probes. They cost next to nothing until a recording starts:

      ELIXIRSCOPE_RECORD=1 mix run …

  or, in IEx or in code:

      {:ok, folder} = ElixirScope.start_recording()
      …
      ElixirScope.stop_recording()

  A recording is readable while it grows, and after the VM was killed.
  """

  alias ElixirScope.{
    Calls,
    Context,
    Health,
    Native,
    Options,
    Reader,
    Recorder,
    Start,
    TimeTravel,
    Trace,
    Tracer
  }

  @not_recording "no recording is running; ElixirScope.start_recording/1 starts one"

  @counts [:events, :bytes, :lost_events, :lost_bytes, :truncated, :panics] ++
            [:recycled_bytes, :disk_bytes]

  @typedoc """
  What `status/0` says: counts of this VM's last recording, and its state.

  Of `bytes` that were written, `recycled_bytes` are gone again; `disk_bytes` are those
  of all segment files, full or not.
  """
  @type status :: %{
          recording: boolean,
          dir: Path.t() | nil,
          events: non_neg_integer,
          bytes: non_neg_integer,
          lost_events: non_neg_integer,
          lost_bytes: non_neg_integer,
          truncated: non_neg_integer,
          panics: non_neg_integer,
          recycled_bytes: non_neg_integer,
          disk_bytes: non_neg_integer,
          failure: String.t() | nil,
          traces: [Trace.info()]
        }

  @doc """
  Starts a recording and returns its folder.

  There is one recording at a time. Options:

    * `:dir` - where recordings are kept (default: `ELIXIRSCOPE_DIR`, else
      `".elixir_scope/runs"`);
    * `:app` - the name shown for it (default: the Mix project's or the release's);
    * `:maps` - node maps of the probes (default: those of the code that the Mix
      step has loaded; maps of code that is compiled later are added);
    * `:only` - `:traced` records nothing but what `trace/2` asks for (default `:all`);
    * `:trace` - what the VM shall tell beside the probes, of code without probes too:
      any of `:messages` (sent and received, with both processes), `:processes` (spawns,
      links, names, ends), `:garbage_collection` and `:scheduling` (default: nothing);
    * `:trace_processes` - of whom: `:all` (default), `:existing`, `:new`, or a list of
      pids and registered names, which stands for these and all that they spawn;
    * `:message_contents` - whether what messages say is kept (default true); else only
      what they are: an atom, the first element of a tuple that is one, and sizes;
    * `:keep` - `:all` keeps every event, and the recording ends when there is no
      room for more; `:newest` is a flight recorder: the oldest events go, a segment
      at a time, and it never ends (default `:all`);
    * `:max_bytes` - bytes of all segments on disk, those that stand ready included
      (default 1 GiB; 256 MiB with `keep: :newest`, which has them in memory too);
    * `:max_age` - with `keep: :newest`, milliseconds after which events go even if
      there is room (default `:infinity`). What a thread wrote into the segment that
      it has not filled yet stays;
    * `:runs` - how many recordings stay in `:dir` and how many bytes of them, this one
      included in the first (default `[keep: 20, max_bytes: :infinity]`). Older ones
      are removed, but none that somebody writes or reads;
    * `:segment_bytes` - bytes of one segment file (default 4 MiB, and at most an
      eighth of `:max_bytes`, with `keep: :newest` a thirty-second, since some always
      stand ready; less on machines with more than a few schedulers);
    * `:depth`, `:items`, `:binary_bytes`, `:payload_bytes` - how much of a term is
      kept: its nesting (8), the elements of each container (64, at most 127),
      the bytes of each binary (512), and the bytes of all of an event's terms
      (4096). What is cut is marked, with its size. A plan may set other limits for
      single functions and points;
    * `:redact` - the names of what is secret (default: what `mix.exs` says, else
      the usual ones); see `ElixirScope.Redaction`;
    * `:budget` - what it may cost, before it records less: see
      `ElixirScope.Health.Budget` (default: its defaults with `keep: :newest`, else none);
    * `:alert` - what is called when events are lost, a probe failed, the detail changed
      or the recording ended on its own: see `ElixirScope.Health.Alerts`.

  An unknown option raises. A folder that cannot be written is an error; the
  program's probes stay off. So is a release that `ElixirScope.Release` gave none.
  """
  @spec start_recording(keyword) :: {:ok, Path.t()} | {:error, String.t()}
  def start_recording(options \\ []) do
    options |> Options.validate!() |> Start.recording(false)
  end

  @doc """
  Stops the recording.

  When it returns, no probe writes any more, and every event is in the folder.

      iex> ElixirScope.stop_recording()
      {:error, "no recording is running"}

  """
  @spec stop_recording() :: :ok | {:error, String.t()}
  def stop_recording do
    if Start.running?(), do: Recorder.stop(), else: {:error, "no recording is running"}
  end

  @doc """
  Has the VM tell of more processes, or of fewer, while it records.

  What it tells is what `:trace` of `start_recording/1` asked for; `processes` are as
  there. Those that are added bring all that they spawn from then on; what a process that
  is removed has spawned stays.

      iex> ElixirScope.trace_processes(:add, [self()])
      {:error, "no recording is running; ElixirScope.start_recording/1 starts one"}

  """
  @spec trace_processes(:add | :remove, Tracer.processes()) :: :ok | {:error, String.t()}
  def trace_processes(how, processes) when how in [:add, :remove] do
    Options.processes!(processes)

    if Start.running?(),
      do: Recorder.trace_processes(how, processes),
      else: {:error, @not_recording}
  end

  @doc """
  Has the VM tell of the calls of functions that have no probes, while a recording runs.

  `functions` are `{module, name, arity}`, `{module, name}`, a module, or a list of
  these; gives how many there are. Their calls are shown among all others. Options:

    * `:match` - which calls, as a match specification that
      `ElixirScope.Matchers.match_spec/1` makes (default: all);
    * `:returns` - whether their ends are told too: values and exceptions (default true).
      A function that goes on by tail calls for ever needs false: see `ElixirScope.Calls`;
    * `:arguments` - whether arguments are (default true);
    * `:local` - whether calls within the module are, too (default true);
    * `:processes` - of whom, as `:trace_processes` of `start_recording/1`
      (default `:all`);
    * `:max` - calls after which nothing more is told (default 100 000);
    * `:per_second` - calls within a second after which nothing more is told (default
      10 000), so that a hot function cannot hurt; a warning says so;
    * `:duration` - milliseconds after which it ends (default `:infinity`).

  It ends with the recording, or by `stop_trace_calls/0`. The options hold for all that
  is traced; what was before is added to.

      iex> ElixirScope.trace_calls({String, :upcase, 1})
      {:error, "no recording is running; ElixirScope.start_recording/1 starts one"}

  """
  @spec trace_calls(Calls.pattern() | [Calls.pattern()], keyword) ::
          {:ok, pos_integer} | {:error, String.t()}
  def trace_calls(functions, options \\ []) do
    request = Calls.request!(functions, options)
    Options.processes!(request.processes)
    if Start.running?(), do: Recorder.trace_calls(request), else: {:error, @not_recording}
  end

  @doc "Ends what `trace_calls/2` began. Of calls that were told, the end is told still."
  @spec stop_trace_calls() :: :ok | {:error, String.t()}
  def stop_trace_calls,
    do: if(Start.running?(), do: Recorder.stop_trace_calls(), else: {:error, @not_recording})

  @doc """
  Tells whether a recording runs, and what the last one counted.

      iex> ElixirScope.status().recording
      false

  """
  @spec status() :: status
  def status do
    if Start.running?() and Native.load() == :ok do
      {recording, counts, failure} = Native.status()
      last = Recorder.last()
      failure = if failure == "", do: last.failure, else: failure
      describe(recording, counts, last.dir, failure)
    else
      describe(false, List.duplicate(0, 8), nil, nil)
    end
  end

  @doc """
  Records one thing, now: a process, a module, a function, a source file.

      ElixirScope.trace(MyApp.Cart, duration: 10_000)
      ElixirScope.trace({MyApp.Cart, :add, 2}, processes: [pid], depth: 20)
      ElixirScope.trace(:checkout_worker, level: :boundaries)

  Starts a flight recorder if nothing is recorded, which ends with its last trace. A
  recording that runs is narrowed to what is traced, until no trace runs; several traces
  add up, and the fullest that an event belongs to says how much of it is written.

  A function's trace has its own events, not those of what it calls; a process's has
  whatever the process does. A trace of processes ends with the last of them.

  Options:

    * `:level` - `:values` (default), `:branches` (no values), `:boundaries` (calls alone),
      or `:off`, which leaves the target out whatever else is recorded;
    * `:duration` - milliseconds after which it ends by itself (default `:infinity`);
    * `:processes` - of code, in these processes only: pids and registered names
      (default `:all`); `:except` - not in these;
    * `:inherit` - whether processes that the traced ones spawn from now on are traced
      too (default `false`). It needs a recording that is told who spawns whom
      (`start_recording(trace: [:processes])`, which it starts itself if none runs);
    * `:sample` - one in so many processes, decided once for each: a call is recorded
      whole or not at all (default 1, every process). See `sample_key/1`;
    * `:others` - the level of what belongs to no trace (default `:off`);
    * `:depth`, `:items`, `:binary_bytes`, `:payload_bytes` - limits of terms, as
      `start_recording/1` has them (default, and 0: the plan's for that function, else
      the recording's);
    * `:recording` - options of `start_recording/1`, should it start one.

  Names are those of now: who is registered later under one is not traced.

      iex> {:error, reason} = ElixirScope.trace(:nobody_is_called_so)
      iex> reason =~ "probes"
      true

  """
  @spec trace(Trace.target(), keyword) :: {:ok, reference} | {:error, String.t()}
  def trace(target, options \\ []) do
    with {:ok, trace} <- Trace.new(target, options),
         :ok <- Start.application(),
         :none <- Recorder.trace(trace),
         {:ok, _dir} <- trace |> recording_for() |> Options.validate!() |> Start.recording(true),
         do: Recorder.trace(trace)
  end

  defp recording_for(trace) do
    told = if trace.options[:inherit], do: [trace: [:processes]], else: []

    [only: :traced, keep: :newest]
    |> Keyword.merge(told)
    |> Keyword.merge(trace.options[:recording])
  end

  @doc """
  Ends traces: one by its reference, those of a target, or `:all`. Gives their number.

      iex> ElixirScope.stop_trace(:all)
      0

  """
  @spec stop_trace(reference | Trace.target() | :all) :: non_neg_integer
  def stop_trace(which), do: if(Start.running?(), do: Recorder.stop_trace(which), else: 0)

  @doc """
  Samples the calling process by this key from here on, instead of by itself.

  What `trace/2` with `:sample` decides is then the same wherever the key is the same: of
  a request that several processes work on, all or nothing is recorded, if each says whose
  work it does. `nil` takes the key back.

  Calls that are open are no longer known to be, so say it before the work begins. It is
  `false` when nothing is recorded, and for some of more than 30 000 processes at once.

      iex> ElixirScope.sample_key("request 17")
      false

  """
  @spec sample_key(term) :: boolean
  def sample_key(nil), do: Native.set_key(0)
  def sample_key(key), do: Native.set_key(:erlang.phash2(key, 2 ** 32) + 1)

  @doc """
  Tells what recording costs and has lost, now: see `t:ElixirScope.Health.t/0`.

  Rates are those of the last second or two.

      iex> health = ElixirScope.health()
      iex> {health.recording, health.detail.level, health.rates.events}
      {false, :values, 0.0}

  """
  @spec health() :: Health.t()
  def health, do: Health.now()

  @doc """
  Writes an event of your own: a name, and a value. It always gives `:ok`.

  While nothing is recorded it costs what a probe costs, next to nothing. `trace
  show` has it where it happened, within the call that made it.

      iex> ElixirScope.mark(:checkout, %{items: 3})
      :ok

  """
  @spec mark(term, term) :: :ok
  def mark(name, value \\ nil), do: :scope_probe.mark(0, name, value)

  @doc """
  Runs `fun` in a context: what it does, and what others do on its behalf, has this
  correlation id wherever it is recorded. See `ElixirScope.Context`.

  The id is any term, and generated where none is given; the metadata is what else shall
  be known of it. It gives what `fun` gives.

      iex> ElixirScope.with_context("request-17", %{user: 3}, fn ->
      ...>   Task.await(Task.async(&ElixirScope.context/0))
      ...> end)
      %{id: "request-17", metadata: %{user: 3}}

  """
  @spec with_context(Context.id(), term, (() -> result)) :: result when result: var
  def with_context(id \\ Context.generate(), metadata \\ %{}, fun) when is_function(fun, 0),
    do: Context.run(id, metadata, fun)

  @doc """
  The context of the calling process, or `nil`.

      iex> ElixirScope.context()
      nil

  """
  @spec context() :: %{id: Context.id(), metadata: term} | nil
  def context, do: Context.current()

  @doc """
  Reads events of the recording that runs, else of the last one, by time.

  Options:

    * `:run` - another recording: its folder, or the start of its id;
    * `:pid` - of this process only: a pid, a registered name, or how it is shown;
    * `:fun` - calls of this function and all they made: `{module, name, arity}`,
      `{module, name}`, a module, or the start of a name as text;
    * `:correlation` - what happened in the context of this id (`with_context/3`);
    * `:from`, `:to` - without calls that ended before or began after: a `DateTime`, or
      nanoseconds from the recording's start;
    * `:detail` - `:boundaries` of calls, `:branches` too, or `:values` too (default,
      as far as they were recorded);
    * `:limit` - the number of calls, from the start (default 1000), or `:infinity`.

  It needs the `elixirscope` command, which a release does not carry.

      iex> {:error, reason} = ElixirScope.events(run: "no/such/run")
      iex> reason =~ "cannot read no/such/run"
      true

  """
  @spec events(keyword) :: {:ok, [Reader.event()]} | {:error, String.t()}
  def events(options \\ []), do: Reader.events(options)

  @doc """
  Reads the last `n` calls of a process or a function, the newest at the end.

  The subject is a pid or the name of a process, or a function as `:fun` of
  `events/1` has it. The whole recording is read for it.
  """
  @spec last(ElixirScope.IEx.subject(), pos_integer) ::
          {:ok, [Reader.event()]} | {:error, String.t()}
  def last(subject, n \\ 10) when is_integer(n) and n > 0 do
    options = [limit: :infinity, detail: :boundaries] ++ ElixirScope.IEx.select(subject)

    with {:ok, events} <- Reader.events(options) do
      calls = for %{kind: :call} = call <- events, do: call
      named = if options[:fun], do: Reader.function(options[:fun]), else: ""
      {:ok, calls |> Enum.filter(&String.starts_with?(&1.function, named)) |> Enum.take(-n)}
    end
  end

  @doc """
  Lets a process tell its state, whatever its code: a `GenServer`, an `Agent`, a
  LiveView, a `:gen_statem`.

  From then on each recording has the versions of its state, which `state_at/2` and
  `elixirscope trace state` show. What did not change is not written again, and what is
  done for a version costs what the change costs; a state that is told for the first
  time, whole, is written on a dirty scheduler if it is large. The names of secrets hold
  as for all terms, the other limits of a recording do not. A function is noted, but not
  what it captured.

  Versions are values: where the level of detail leaves those out, because of the budget or
  of `trace/2`, it is noted that a state changed, and at `:off` not even that. What it was
  then is not known; when values are recorded again, the processes tell their states anew.

  A `:gen_statem` does not show its data when it changes. It is looked at after an event,
  behind the messages that wait by then, and for at most a tenth of its time; each
  version is written whole, unless it is the one before. Of other processes that answer
  system messages there are the versions of the moments at which they are asked: now,
  when a recording begins, and by `snapshot/1`.

  Options:

    * `:max_bytes` - of a version; a larger one is noted, but not kept (default 16 MiB);
    * `:timeout` - how long the process may take to answer, in ms (default 5000).

      iex> {:ok, agent} = Agent.start(fn -> 1 end)
      iex> ElixirScope.enable_time_travel(agent)
      :ok
      iex> ElixirScope.disable_time_travel(agent)
      :ok

  """
  @spec enable_time_travel(GenServer.server(), keyword) :: :ok | {:error, String.t()}
  def enable_time_travel(server, options \\ []) do
    with :ok <- Start.application(), do: TimeTravel.enable(server, options)
  end

  @doc """
  Ends what `enable_time_travel/2` began.
  """
  @spec disable_time_travel(GenServer.server()) :: :ok | {:error, String.t()}
  def disable_time_travel(server) do
    with :ok <- Start.application(), do: TimeTravel.disable(server)
  end

  @doc """
  Writes the state of a process now, to the recording that runs; it is an error where the
  level of detail leaves values out.

  Of a process that answers no system messages it is what `Process.info/2` knows: `:of`
  is then `:process_info`, else `:state`. Options as of `enable_time_travel/2`.

      iex> ElixirScope.snapshot(:nobody)
      {:error, ":nobody is no process of this node"}

  """
  @spec snapshot(GenServer.server(), keyword) ::
          {:ok, %{bytes: pos_integer, of: :state | :process_info}} | {:error, String.t()}
  def snapshot(server, options \\ []) do
    with :ok <- Start.application(), do: TimeTravel.snapshot(server, options)
  end

  @doc """
  Reads the state that a process had at a moment, of the recording that runs, else of the
  last one.

  The process is a pid, a registered name, or how it is shown. The moment is a `DateTime`,
  by the clock of the system that recorded, or nanoseconds from the recording's start, as
  `:at_ns` of `events/1`, or `{:before, event}` or `{:after, event}`: after all that the
  process did before its next event.

  It has what `enable_time_travel/2` and `snapshot/1` wrote. Of a process that told no
  versions of its own, it has what its callbacks returned, if they had probes and the
  value was recorded whole. The result has

    * `:state` - the term, in which `{:elixir_scope, :redacted}` and `{:elixir_scope,
      {:omitted, what, size}}` stand for what was left out;
    * `:at_ns` - since when it was this;
    * `:source` - `:whole`, `:difference`, `:snapshot` or `:returned` by a callback, and
      `:number` in its row, or 0;
    * `:truncated` - whether something else than secrets was left out;
    * `:uncertain` - whether versions after it may be missing.

  Why a state is not known is an error. Option: `:run`, as of `events/1`.

      iex> {:error, reason} = ElixirScope.state_at(self(), 0, run: "no/such/run")
      iex> reason =~ "cannot read no/such/run"
      true
      iex> {:error, ^reason} = ElixirScope.state_at(self(), DateTime.utc_now(), run: "no/such/run")

  """
  @spec state_at(pid | atom | String.t(), Reader.moment(), keyword) ::
          {:ok, Reader.state()} | {:error, String.t()}
  def state_at(process, moment, options \\ []), do: Reader.state(process, moment, options)

  defp describe(recording, counts, dir, failure) do
    @counts
    |> Enum.zip(counts)
    |> Map.new()
    |> Map.merge(%{recording: recording, dir: dir, failure: failure})
    |> Map.put(:traces, if(recording, do: Recorder.traces(), else: []))
  end
end
