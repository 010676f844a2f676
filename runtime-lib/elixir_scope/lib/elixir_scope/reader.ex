defmodule ElixirScope.Reader do
  @moduledoc """
  Reads recordings back, through `elixirscope trace show --format term`.

  `ElixirScope.events/1` and `ElixirScope.last/2` are what to call.
  """

  alias ElixirScope.Overlay.{Command, Recording}
  alias ElixirScope.Recorder

  @kinds [:call, :branch, :bind, :caught, :locals, :mark, :level, :switch]
  @closings [:open, :returned, :tail, :raised, :exited]
  @details [:boundaries, :branches, :values]
  @defaults [run: nil, pid: nil, fun: nil, correlation: nil, from: nil, to: nil] ++
              [limit: 1000, detail: :values]

  @typedoc """
  A call, or what happened within one. Terms are texts, as `inspect/1` gives them.

  `at_ns` and `duration_ns` are nanoseconds, the former from the recording's start.
  Of a call, `values` are the arguments, and `result` is `nil` unless it is known;
  `id` and `parent` are numbers of calls. `correlation` is the id of the
  context it happened in (`ElixirScope.Context`). Of anything else, `values` are what it
  shows, and `parent` is the call it happened in.
  """
  @type event :: %{
          kind: :call | :branch | :bind | :caught | :locals | :mark | :level | :switch,
          at_ns: integer,
          pid: String.t(),
          correlation: String.t() | nil,
          function: String.t(),
          file: String.t(),
          line: non_neg_integer,
          values: [{name :: String.t(), text :: String.t()}],
          id: non_neg_integer | nil,
          parent: non_neg_integer | nil,
          depth: non_neg_integer | nil,
          result: String.t() | nil,
          closing: :open | :returned | :tail | :raised | :exited | nil,
          duration_ns: non_neg_integer | nil
        }

  @doc "What `ElixirScope.events/1` gives; the options are described there."
  @spec events(keyword) :: {:ok, [event]} | {:error, String.t()}
  def events(options) do
    options = Keyword.validate!(options, @defaults)

    unless options[:detail] in @details,
      do: raise(ArgumentError, ":detail must be one of #{inspect(@details)}")

    arguments = ["--format", "term", "--detail", to_string(options[:detail])]

    with {:ok, text} <- show(options, arguments ++ ["--limit", limit(options[:limit])]),
         {:ok, report} <- parse(text) do
      events = Enum.map(report.frames, &call/1) ++ Enum.map(report.details, &detail/1)
      {:ok, Enum.sort_by(events, &{&1.at_ns, &1.id || &1.parent})}
    end
  end

  @doc "What `trace show` says of a run, for people: options as of `events/1`."
  @spec show(keyword, [String.t()]) :: {:ok, String.t()} | {:error, String.t()}
  def show(options, arguments) do
    run = if options[:run], do: [options[:run]], else: last_run()
    pid = if options[:pid], do: ["--pid", name(options[:pid])], else: []
    fun = if options[:fun], do: ["--fun", function(options[:fun])], else: []
    within = if options[:correlation], do: ["--correlation", id(options[:correlation])], else: []
    times = for key <- [:from, :to], options[key], do: "--#{key}=#{time(options[key])}"
    command(["trace", "show"] ++ run ++ pid ++ fun ++ within ++ times ++ arguments)
  end

  @sources [:whole, :difference, :snapshot, :returned]

  @typedoc "A version of a state; see `ElixirScope.state_at/3`."
  @type state :: %{
          state: term,
          at_ns: integer,
          source: :whole | :difference | :snapshot | :returned,
          number: non_neg_integer,
          truncated: boolean,
          uncertain: boolean
        }

  @typedoc "When: nanoseconds from the recording's start, a date, or beside an event."
  @type moment :: integer | DateTime.t() | {:before | :after, event}

  @doc "What `ElixirScope.state_at/3` gives; the options are described there."
  @spec state(pid | atom | String.t(), moment, keyword) ::
          {:ok, state} | {:error, String.t()}
  def state(process, moment, options) do
    options = Keyword.validate!(options, run: nil)
    run = if options[:run], do: [options[:run]], else: last_run()
    arguments = ["--pid", name(process), "--etf" | at(moment)]

    with {:ok, output} <- command(["trace", "state"] ++ run ++ arguments) do
      case :erlang.binary_to_term(output) do
        {at, source, number, truncated, uncertain, state} ->
          state = %{state: state, at_ns: at, source: known(source, @sources), number: number}
          {:ok, Map.merge(state, %{truncated: truncated == 1, uncertain: uncertain == 1})}

        reason when is_binary(reason) ->
          {:error, reason}
      end
    end
  end

  defp at({:before, %{at_ns: at}}), do: ["--at", time(at - 1)]
  defp at({:after, %{at_ns: at} = event}), do: ["--settled", "--at", time(at_end(at, event))]
  defp at(moment), do: ["--at", time(moment)]

  defp at_end(at, event), do: at + (event[:duration_ns] || 0)

  # As the command takes it: of a `DateTime`, the seconds since 1970.
  defp time(ns) when is_integer(ns), do: "#{ns}ns"

  defp time(%DateTime{} = time) do
    microseconds = time |> DateTime.to_unix(:microsecond) |> max(0)
    seconds = [div(microseconds, 1_000_000), rem(microseconds, 1_000_000)]
    "@~b.~6..0b" |> :io_lib.format(seconds) |> to_string()
  end

  defp time(other) do
    raise ArgumentError,
          "a moment must be ns from the recording's start or a DateTime, and of state_at/3 " <>
            "may be {:before | :after, event}, got: #{inspect(other)}"
  end

  @doc """
  What `trace stats` says of a run, a folder or the start of an id below `dir`.
  """
  @spec stats(String.t(), Path.t()) :: {:ok, map} | {:error, String.t()}
  def stats(run, dir) do
    with {:ok, text} <- command(["trace", "stats", run, "--dir", dir, "--format", "term"]),
         do: parse(text)
  end

  @doc """
  The name of a function as `trace show` has it; of a module, the start of all its
  functions' names.

      iex> ElixirScope.Reader.function({Enum, :map, 2})
      "Enum.map/2"
      iex> ElixirScope.Reader.function({:lists, :seq})
      ":lists.seq/"
      iex> ElixirScope.Reader.function(Enum)
      "Enum."

  """
  @spec function(String.t() | module | {module, atom} | mfa) :: String.t()
  def function(text) when is_binary(text), do: text
  def function(module) when is_atom(module), do: inspect(module) <> "."

  def function({module, name}) when is_atom(module) and is_atom(name) do
    function = Exception.format_mfa(module, name, 0)
    String.slice(function, 0..-2//1)
  end

  def function({module, name, arity}), do: Exception.format_mfa(module, name, arity)

  defp name(pid) when is_pid(pid) or is_atom(pid), do: inspect(pid)
  defp name(name) when is_binary(name), do: name

  defp id(id) when is_binary(id), do: id
  defp id(id), do: inspect(id)

  # The one that runs, else this VM's last, else the last of all.
  defp last_run do
    case Process.whereis(Recorder) && Recorder.last().dir do
      nil -> ["last", "--dir", Recording.dir()]
      dir -> [dir]
    end
  end

  defp limit(:infinity), do: Integer.to_string(2 ** 63)
  defp limit(limit) when is_integer(limit) and limit > 0, do: Integer.to_string(limit)

  defp limit(other) do
    raise ArgumentError, ":limit must be a positive integer or :infinity, got: #{inspect(other)}"
  end

  # Status 1: what is damaged was left out.
  defp command(arguments) do
    with {:ok, command} <- Command.find() do
      case System.cmd(command, arguments, stderr_to_stdout: true) do
        {output, status} when status in [0, 1] -> {:ok, output}
        {output, _} -> {:error, output |> String.trim() |> String.replace_prefix("error: ", "")}
      end
    end
  end

  defp parse(text) do
    with {:ok, tokens, _} <- text |> String.to_charlist() |> :erl_scan.string(),
         {:ok, report} <- :erl_parse.parse_term(tokens) do
      {:ok, report}
    else
      _ -> {:error, "the elixirscope command is not of this package's version"}
    end
  end

  defp call(frame) do
    event(:call, frame, frame.start_ns, arguments(frame.args))
    |> Map.merge(%{id: frame.id, parent: frame.parent, depth: frame.depth})
    |> Map.merge(%{result: frame.result, duration_ns: frame.duration_ns})
    |> Map.put(:closing, known(frame.closing, @closings))
  end

  defp detail(detail) do
    values = for value <- detail.values, do: {value.name, value.value}

    values =
      case detail.exception do
        nil when detail.label != "" -> [{"", detail.label} | values]
        nil -> values
        exception -> [{exception.kind, exception.reason}]
      end

    event(known(detail.kind, @kinds), detail, detail.at_ns, values)
    |> Map.put(:parent, detail.frame)
  end

  defp event(kind, from, at, values) do
    from
    |> Map.take([:pid, :correlation, :function, :file, :line])
    |> Map.merge(%{kind: kind, at_ns: at, values: values, id: nil, parent: nil, depth: nil})
    |> Map.merge(%{result: nil, closing: nil, duration_ns: nil})
  end

  defp arguments(arguments),
    do: for(%{name: name, value: value} <- arguments, do: {name, value || "_"})

  defp known(text, atoms), do: Enum.find(atoms, &(Atom.to_string(&1) == text))
end
