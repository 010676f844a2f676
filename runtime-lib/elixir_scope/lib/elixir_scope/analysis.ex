defmodule ElixirScope.Analysis do
  @moduledoc """
  A recording at a glance, from what `elixirscope trace stats` says of it.

  `mix elixir_scope.analyze` prints it. Lines have at most 80 columns.
  """

  @columns 80
  @losses [
    lost_events: "events lost: no segment stood ready",
    missing_segments: "segments absent between others",
    recycled_segments: "older segments recycled by the flight recorder",
    truncated: "events with a payload that was cut",
    omitted: "events with a payload that was left out",
    orphans: "ends of calls whose beginning is not recorded",
    panics: "panics caught in probes"
  ]

  @doc """
  The lines of a report; `top` is how many of each list.
  """
  @spec lines(map, pos_integer) :: [String.t()]
  def lines(stats, top) do
    (head(stats) ++
       section("Hottest functions, by own time", hottest(stats, top)) ++
       section("Slowest calls, one of each function", slowest(stats, top)) ++
       section("Errors", errors(stats, top)) ++
       section("Processes by events", processes(stats, top)) ++
       section("Losses", losses(stats)))
    |> Enum.map(&cut(&1, @columns))
  end

  defp head(stats) do
    calls = Enum.sum(for closing <- stats.closings, do: closing.count)
    kinds = for kind <- stats.kinds, kind.name in ["send", "receive"], do: kind.count

    told = if kinds == [], do: "", else: ", #{count(Enum.sum(kinds))} ends of messages"

    [
      "#{stats.app || "unknown"}  #{stats.run || ""}",
      "#{stats.state}, #{duration(stats.span_ns)}: #{count(stats.events)} events, " <>
        "#{count(calls)} calls, #{count(length(stats.processes))} processes" <> told
    ] ++ if(stats.failure, do: ["ended by: #{stats.failure}"], else: [])
  end

  defp section(title, []), do: ["", title, "  none"]
  defp section(title, lines), do: ["", title | lines]

  # A function that took no time of its own is not hot.
  defp hottest(%{times: times}, top) do
    all = max(Enum.sum(for time <- times, do: time.own_ns), 1)

    rows =
      for time <- Enum.take(times, top), time.own_ns > 0 do
        share = "#{round(time.own_ns * 100 / all)} %"
        [duration(time.own_ns), share, "#{count(time.calls)} calls", time.function]
      end

    table(rows, [:right, :right, :right, :left])
  end

  defp slowest(%{times: times}, top) do
    rows =
      for time <- times |> Enum.sort_by(&{-&1.longest_ns, &1.function}) |> Enum.take(top) do
        at = "at #{duration(time.longest_at_ns)}"
        [duration(time.longest_ns), at, time.longest_pid, time.function]
      end

    table(rows, [:right, :right, :left, :left])
  end

  defp errors(%{errors: errors}, top) do
    rows =
      for error <- Enum.take(errors, top),
          do: [count(error.count), error.kind, error.name, plain(error.place)]

    table(rows, [:right, :left, :left, :left])
  end

  defp processes(%{processes: processes}, top) do
    rows =
      for process <- Enum.take(processes, top) do
        name = plain(process.name || "")
        ending = if process.exit_reason not in [nil, ":normal"], do: process.exit_reason, else: ""
        [count(process.events), "#{count(process.calls)} calls", process.pid, name, ending]
      end

    table(rows, [:right, :right, :left, :left, :left])
  end

  defp losses(stats) do
    rows = for {key, text} <- @losses, stats[key] > 0, do: [count(stats[key]), text]
    faults = for finding <- stats.findings, do: ["", "#{finding.file}: #{finding.problem}"]
    table(rows ++ faults, [:right, :left])
  end

  defp plain(name), do: String.replace_prefix(name, "Elixir.", "")

  defp table([], _aligned), do: []

  defp table(rows, aligned) do
    widths =
      for column <- 0..(length(aligned) - 1),
          do: rows |> Enum.map(&String.length(Enum.at(&1, column))) |> Enum.max()

    for row <- rows do
      cells =
        for {cell, width, side} <- Enum.zip([row, widths, aligned]), do: pad(cell, width, side)

      String.trim_trailing("  " <> Enum.join(cells, "  "))
    end
  end

  defp pad(text, width, :right), do: String.pad_leading(text, width)
  defp pad(text, width, :left), do: String.pad_trailing(text, width)

  defp cut(line, columns) do
    line = String.replace(line, "\n", " ")
    if String.length(line) <= columns, do: line, else: String.slice(line, 0, columns - 1) <> "…"
  end

  @doc """
  A number as Elixir writes it.

      iex> ElixirScope.Analysis.count(1234567)
      "1_234_567"

  """
  @spec count(non_neg_integer) :: String.t()
  def count(number) do
    number
    |> Integer.to_charlist()
    |> Enum.reverse()
    |> Enum.chunk_every(3)
    |> Enum.join("_")
    |> String.reverse()
  end

  @doc """
  Nanoseconds for people.

      iex> for ns <- [7, 41_234, 1_500_000, 2_345_678_901, 123_000_000_000] do
      ...>   ElixirScope.Analysis.duration(ns)
      ...> end
      ["7ns", "41.2µs", "1.5ms", "2.35s", "2m03s"]

  """
  @spec duration(integer) :: String.t()
  def duration(ns) when ns < 1_000, do: "#{ns}ns"
  def duration(ns) when ns < 1_000_000, do: "#{Float.round(ns / 1.0e3, 1)}µs"
  def duration(ns) when ns < 1_000_000_000, do: "#{Float.round(ns / 1.0e6, 1)}ms"
  def duration(ns) when ns < 60_000_000_000, do: "#{Float.round(ns / 1.0e9, 2)}s"

  def duration(ns) do
    seconds = div(ns, 1_000_000_000)
    "#{div(seconds, 60)}m#{String.pad_leading("#{rem(seconds, 60)}", 2, "0")}s"
  end
end
