defmodule ElixirScope.IEx do
  @moduledoc """
  What to call in IEx, while a recording runs or after it.

      iex> import ElixirScope.IEx
      iex> trace(Shop, duration: 10_000)
      iex> tree(Shop)
      iex> last(self())
      iex> last({Shop, :buy, 2}, 3)

  They print lines of at most 80 columns, and return `:ok`.
  """

  alias ElixirScope.{Analysis, Reader}

  @columns 80

  @typedoc """
  A process (its pid, its registered name as an atom), or calls (a module,
  `{module, function}`, `{module, function, arity}`, or how their names start).
  """
  @type subject :: pid | atom | {module, atom} | mfa | String.t()

  @doc """
  Prints the last `n` calls of a process or a function, the newest at the end.
  """
  @spec last(subject, pos_integer) :: :ok
  def last(subject, n \\ 10) do
    case ElixirScope.last(subject, n) do
      {:ok, []} -> IO.puts("no call of #{inspect(subject)} is recorded")
      {:ok, calls} -> Enum.each(calls, &IO.puts(line(&1, @columns)))
      {:error, reason} -> IO.puts("error: " <> reason)
    end
  end

  @doc """
  Prints the tree of calls: of everything, a process, or what a function called.

  Options: `:limit`, the number of calls (100), and `:depth`, the levels.
  """
  @spec tree(subject | nil, keyword) :: :ok
  def tree(subject \\ nil, options \\ []) do
    options = Keyword.validate!(options, limit: 100, depth: nil)
    depth = if options[:depth], do: ["--depth", to_string(options[:depth])], else: []
    limits = ["--limit", to_string(options[:limit]), "--width", to_string(@columns)]

    case Reader.show(select(subject), limits ++ depth) do
      {:ok, text} -> IO.write(text)
      {:error, reason} -> IO.puts("error: " <> reason)
    end
  end

  @doc """
  Records one thing from now on: `ElixirScope.trace/2`, which says what and for how long.
  """
  @spec trace(ElixirScope.Trace.target(), keyword) :: :ok
  def trace(target, options \\ []) do
    case ElixirScope.trace(target, options) do
      {:ok, ref} ->
        [trace] = for %{ref: ^ref} = trace <- ElixirScope.status().traces, do: trace
        IO.puts("traced: " <> said(trace))
        IO.puts("stop() ends it; last(…) and tree(…) show what was recorded")

      {:error, reason} ->
        IO.puts("error: " <> reason)
    end
  end

  @doc """
  Ends traces, all of them unless a target or a reference is given, and says how many.
  """
  @spec stop(reference | ElixirScope.Trace.target() | :all) :: :ok
  def stop(which \\ :all) do
    case ElixirScope.stop_trace(which) do
      0 -> IO.puts("no such trace runs")
      1 -> IO.puts("1 trace ended")
      count -> IO.puts("#{count} traces ended")
    end
  end

  defp said(%{ends_in_ms: :infinity} = trace), do: trace.text
  defp said(trace), do: "#{trace.text}, for #{Float.round(trace.ends_in_ms / 1000, 1)} s"

  @doc """
  Prints what `ElixirScope.status/0` says.
  """
  @spec status() :: :ok
  def status do
    status = ElixirScope.status()
    IO.puts(if status.recording, do: "recording to #{status.dir}", else: "not recording")

    if status.dir do
      IO.puts("#{status.events} events, #{status.bytes} bytes, #{status.lost_events} lost")
      if status.failure, do: IO.puts("it ended early: #{status.failure}")
    end

    for trace <- status.traces, do: IO.puts("traced: " <> said(trace))

    :ok
  end

  @doc """
  Prints what `ElixirScope.health/0` says.
  """
  @spec health() :: :ok
  def health, do: ElixirScope.health() |> health_lines() |> Enum.each(&IO.puts/1)

  @doc false
  def health_lines(health) do
    %{rates: rates, probe_ns: probe, segments: segments, memory: memory, disk: disk} = health
    number = fn number -> Analysis.count(round(number)) end
    mb = fn bytes -> "#{Float.round(bytes / 1.0e6, 1)} MB" end
    left = if memory.available, do: ", #{mb.(memory.available)} available", else: ""
    took = fn key -> "#{key} #{Analysis.duration(round(probe[key]))}" end

    [
      {"detail", "#{health.detail.level}, changed #{health.detail.changes} times"},
      {"events", "#{number.(health.events)}, #{number.(rates.events)} a second"},
      {"lost",
       "#{number.(health.lost_events)}, #{number.(health.truncated)} cut, #{health.panics} panics"},
      {"overhead", "#{Float.round(health.overhead * 100, 2)} % of the schedulers' time"},
      {"an event", Enum.map_join([:mean, :p50, :p99, :p999, :max], ", ", took)},
      {"segments",
       "#{segments.ready} of #{segments.wanted} ready, #{segments.waiting} waiting; " <>
         "#{segments.rings} rings, #{round(segments.fill * 100)} % full"},
      {"memory", "#{mb.(memory.mapped)} mapped, recorder #{mb.(memory.recorder)}" <> left},
      {"disk", "#{mb.(disk.used)} used, #{mb.(disk.free)} free"},
      {"mailbox", "#{health.mailbox} messages"}
    ]
    |> Enum.map(fn {name, text} -> cut(String.pad_trailing(name, 10) <> text, @columns) end)
  end

  @doc """
  Options of `ElixirScope.events/1` that select a subject.

      iex> ElixirScope.IEx.select(Enum)
      [fun: Enum]
      iex> ElixirScope.IEx.select(:code_server)
      [pid: :code_server]

  """
  @spec select(subject | nil) :: keyword
  def select(nil), do: []
  def select(pid) when is_pid(pid), do: [pid: pid]

  def select(name) when is_atom(name),
    do: if(Process.whereis(name), do: [pid: name], else: [fun: name])

  def select(function), do: [fun: function]

  @doc """
  One line about a call: when, how long, the call, what it gave.

      iex> call = %{at_ns: 1_500_000, duration_ns: 2_345, function: "Enum.count/1",
      ...>   values: [{"list", "[1, 2]"}], result: "2", closing: :returned}
      iex> ElixirScope.IEx.line(call, 80)
      "   1.500ms    2.3µs  Enum.count([1, 2]) → 2"
      iex> ElixirScope.IEx.line(%{call | closing: :raised, result: nil}, 42)
      "   1.500ms    2.3µs  Enum.count(… ✗ raised"

  """
  @spec line(map, pos_integer) :: String.t()
  def line(call, width) do
    name = String.replace(call.function, ~r{/\d+\z}, "")
    text = "#{name}(#{Enum.map_join(call.values, ", ", &elem(&1, 1))})"
    before = pad(time(call.at_ns), 10) <> pad(time(call.duration_ns), 9) <> "  "
    room = width - String.length(before) - 1
    ending = cut(ending(call), max(div(room, 2), room - String.length(text)))
    before <> cut(text, room - String.length(ending)) <> " " <> ending
  end

  defp ending(%{closing: :returned, result: result}), do: "→ " <> (result || "?")
  defp ending(%{closing: :tail, result: nil}), do: "↪ tail"
  defp ending(%{closing: :tail, result: result}), do: "↪ " <> result
  defp ending(%{closing: :raised}), do: "✗ raised"
  defp ending(%{closing: :exited}), do: "✗ exited"
  defp ending(%{closing: :open}), do: "… open"

  defp time(ns) when ns < 1_000, do: "#{ns}ns"
  defp time(ns) when ns < 1_000_000, do: "#{Float.round(ns / 1.0e3, 1)}µs"

  defp time(ns) when ns < 10_000_000_000,
    do: :io_lib.format("~.3fms", [ns / 1.0e6]) |> to_string()

  defp time(ns), do: :io_lib.format("~.3fs", [ns / 1.0e9]) |> to_string()

  defp pad(text, columns), do: String.pad_leading(text, columns)

  defp cut(text, room) do
    text = String.replace(text, "\n", " ")
    if String.length(text) <= room, do: text, else: String.slice(text, 0, max(room - 1, 0)) <> "…"
  end
end
