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

  alias ElixirScope.Overlay.Recording

  alias ElixirScope.{
    Calls,
    Config,
    Context,
    Native,
    Reader,
    Recorder,
    Redaction,
    Retention,
    Tracer
  }

  alias ElixirScope.Release.Overlays

  @defaults [
    dir: nil,
    app: nil,
    maps: nil,
    trace: [],
    trace_processes: :all,
    message_contents: true,
    keep: :all,
    max_bytes: nil,
    max_age: :infinity,
    runs: [],
    segment_bytes: 4 * 1024 * 1024,
    depth: 8,
    items: 64,
    binary_bytes: 512,
    payload_bytes: 4096,
    redact: nil
  ]

  @not_recording "no recording is running; ElixirScope.start_recording/1 starts one"

  @limits [:segment_bytes, :max_bytes, :depth, :items, :binary_bytes, :payload_bytes]

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
          failure: String.t() | nil
        }

  @doc """
  Starts a recording and returns its folder.

  There is one recording at a time. Options:

    * `:dir` - where recordings are kept (default: `ELIXIRSCOPE_DIR`, else
      `".elixir_scope/runs"`);
    * `:app` - the name shown for it (default: the Mix project's or the release's);
    * `:maps` - node maps of the probes (default: those of the code that the Mix
      step has loaded; maps of code that is compiled later are added);
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
      (4096). What is cut is marked, with its size;
    * `:redact` - the names of what is secret (default: what `mix.exs` says, else
      the usual ones); see `ElixirScope.Redaction`.

  An unknown option raises. A folder that cannot be written is an error; the
  program's probes stay off. So is a release that `ElixirScope.Release` gave none.
  """
  @spec start_recording(keyword) :: {:ok, Path.t()} | {:error, String.t()}
  def start_recording(options \\ []) do
    options = validate!(options)

    with :ok <- start_application(),
         :ok <- Overlays.load() do
      stop_at_exit()

      Recorder.start(%{
        dir: Path.expand(options[:dir] || Recording.dir()),
        app: to_string(options[:app] || project()),
        maps: options[:maps] || Recording.maps(),
        trace: options[:trace],
        trace_processes: options[:trace_processes],
        contents: options[:message_contents],
        keep: options[:keep],
        runs: options[:runs],
        limits: Enum.map(@limits, &options[&1]),
        retention: Retention.limits(options),
        redact: options[:redact]
      })
    end
  end

  # It may be the application itself that starts a recording, while it starts.
  defp start_application do
    with false <- running?(),
         {:error, reason} <- Application.ensure_all_started(:elixir_scope) do
      {:error, "the application elixir_scope does not start: #{inspect(reason)}"}
    else
      _ -> :ok
    end
  end

  @doc """
  Stops the recording.

  When it returns, no probe writes any more, and every event is in the folder.

      iex> ElixirScope.stop_recording()
      {:error, "no recording is running"}

  """
  @spec stop_recording() :: :ok | {:error, String.t()}
  def stop_recording do
    if running?(), do: Recorder.stop(), else: {:error, "no recording is running"}
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
    processes!(processes)
    if running?(), do: Recorder.trace_processes(how, processes), else: {:error, @not_recording}
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
    processes!(request.processes)
    if running?(), do: Recorder.trace_calls(request), else: {:error, @not_recording}
  end

  @doc "Ends what `trace_calls/2` began. Of calls that were told, the end is told still."
  @spec stop_trace_calls() :: :ok | {:error, String.t()}
  def stop_trace_calls,
    do: if(running?(), do: Recorder.stop_trace_calls(), else: {:error, @not_recording})

  @doc """
  Tells whether a recording runs, and what the last one counted.

      iex> ElixirScope.status().recording
      false

  """
  @spec status() :: status
  def status do
    if running?() and Native.load() == :ok do
      {recording, counts, failure} = Native.status()
      last = Recorder.last()
      failure = if failure == "", do: last.failure, else: failure
      describe(recording, counts, last.dir, failure)
    else
      describe(false, List.duplicate(0, 8), nil, nil)
    end
  end

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

  defp describe(recording, counts, dir, failure) do
    @counts
    |> Enum.zip(counts)
    |> Map.new()
    |> Map.merge(%{recording: recording, dir: dir, failure: failure})
  end

  defp running?, do: Process.whereis(Recorder) != nil

  defp project do
    if function_exported?(Mix.Project, :get, 0) and Mix.Project.get(),
      do: Mix.Project.config()[:app],
      else: Overlays.name() || "unnamed"
  end

  # `mix run` and `elixir` halt the VM without stopping applications.
  defp stop_at_exit do
    unless :persistent_term.get({__MODULE__, :at_exit}, false) do
      :persistent_term.put({__MODULE__, :at_exit}, true)
      System.at_exit(fn _status -> stop_recording() end)
    end
  end

  defp validate!(options) do
    case Keyword.validate(options, @defaults) do
      {:ok, options} ->
        options = Retention.validate!(options)
        for key <- @limits, do: positive!(key, options[key])
        told!(options[:trace])
        processes!(options[:trace_processes])
        boolean!(:message_contents, options[:message_contents])
        Keyword.update!(options, :redact, &redact!/1)

      {:error, [first | _] = unknown} ->
        known = Keyword.keys(@defaults)
        near = Config.near(first, known) || ", start_recording/1 knows #{inspect(known)}"
        raise ArgumentError, "unknown options #{inspect(unknown)}#{near}"
    end
  end

  defp redact!(nil), do: Recording.redact()

  defp redact!(value) do
    case Redaction.check(value) do
      :ok -> value
      {:error, reason} -> raise ArgumentError, ":redact #{reason}"
    end
  end

  defp told!(flags) do
    unless is_list(flags) and flags -- Tracer.flags() == [] do
      raise ArgumentError,
            ":trace must be a list of #{inspect(Tracer.flags())}, got: #{inspect(flags)}"
    end
  end

  defp processes!(which) when which in [:all, :existing, :new], do: :ok

  defp processes!(which) do
    unless is_list(which) and which != [] and Enum.all?(which, &(is_pid(&1) or is_atom(&1))) do
      raise ArgumentError,
            ":trace_processes must be :all, :existing, :new or a list of pids and names, " <>
              "got: #{inspect(which)}"
    end
  end

  defp boolean!(_key, value) when is_boolean(value), do: :ok

  defp boolean!(key, value) do
    raise ArgumentError, "#{inspect(key)} must be true or false, got: #{inspect(value)}"
  end

  defp positive!(_key, value) when is_integer(value) and value > 0, do: :ok

  defp positive!(key, value) do
    raise ArgumentError, "#{inspect(key)} must be a positive integer, got: #{inspect(value)}"
  end
end
