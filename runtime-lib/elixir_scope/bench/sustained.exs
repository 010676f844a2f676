# A flight recorder under mixed load, for as long as it is asked.
#
#     cargo xtask bench sustained --minutes 30
#
# Prints what the events of each kind of work take alone, and then, of all of them
# together, the curve of memory, disk and latency. Ends with status 1 if memory or disk
# grow, if an event was lost, or if what is left has a gap.

Code.require_file("sustained/load.exs", __DIR__)

defmodule Bench.Sustained do
  @moduledoc false

  alias Bench.Load

  @points 30
  @alone 1000
  @percentiles ~w(p50 p90 p99 p99.9 max)
  # What may be gained, in bytes, between the second and the last part of the run.
  @slack 4_000_000

  def run([minutes]) do
    {minutes, ""} = Float.parse(minutes)
    directory = Path.join(System.tmp_dir!(), "escope-sustained-#{System.pid()}")
    File.mkdir_p!(directory)

    try do
      alone(directory)
      {:ok, run} = ElixirScope.start_recording(dir: directory, keep: :newest)
      pids = start(Load.works())
      points = watch(run, round(minutes * 60_000 / @points))
      health = finish(pids)
      judge(points, health, run)
    after
      File.rm_rf!(directory)
    end
  end

  # Which events are the slow ones: a percentile of all of them is one of these rows.
  defp alone(directory) do
    IO.puts(row(["ns of an event, alone", "mean" | @percentiles]))

    for {name, _} = work <- Load.works() do
      {:ok, _} = ElixirScope.start_recording(dir: directory, keep: :newest, runs: [keep: 1])
      pids = start([work])
      Process.sleep(@alone)
      %{probe_ns: probe} = finish(pids)
      times = [probe.mean, probe.p50, probe.p90, probe.p99, probe.p999, probe.max]
      IO.puts(row([name | Enum.map(times, &round/1)]))
    end

    IO.puts("")
  end

  defp row([name | cells]),
    do: String.pad_trailing(name, 24) <> Enum.map_join(cells, &String.pad_leading("#{&1}", 9))

  defp start(works), do: for({_, work} <- works, do: spawn(work))

  defp finish(pids) do
    health = ElixirScope.health()
    for pid <- pids, do: Process.exit(pid, :kill)
    :ok = ElixirScope.stop_recording()
    health
  end

  defp watch(run, every) do
    IO.puts(
      "     s    events  lost  RSS MB  of it files  VM MB  disk MB  busy %  mailbox" <>
        "  p50  p99  p99.9     max ns"
    )

    start = now()

    for n <- 1..@points do
      Process.sleep(max(start + n * every - now(), 0))
      point = point(run)
      IO.puts(line(point, (now() - start) / 1000))
      point
    end
  end

  defp now, do: System.monotonic_time(:millisecond)

  defp point(run) do
    health = ElixirScope.health()
    disk = Enum.sum(for file <- ls(run), do: size(Path.join(run, file)))

    Map.merge(resident(), %{health: health, disk: disk, vm: :erlang.memory(:total)})
  end

  defp ls(run) do
    {:ok, files} = File.ls(run)
    files
  end

  # One that is being recycled has another name by now.
  defp size(path) do
    case File.stat(path) do
      {:ok, %{size: size}} -> size
      {:error, :enoent} -> 0
    end
  end

  defp resident do
    status = File.read!("/proc/self/status")
    files = kilobytes(status, "RssFile") + kilobytes(status, "RssShmem")
    rss = kilobytes(status, "VmRSS")
    %{rss: rss, files: files, own: rss - files}
  end

  defp kilobytes(status, name) do
    [_, kilobytes] = Regex.run(~r/^#{name}:\s+(\d+) kB/m, status)
    String.to_integer(kilobytes) * 1024
  end

  defp line(%{health: health} = point, seconds) do
    probe = health.probe_ns

    [
      {round(seconds), 6},
      {health.events, 10},
      {health.lost_events, 6},
      {mb(point.rss), 8},
      {mb(point.files), 13},
      {mb(point.vm), 7},
      {mb(point.disk), 9},
      {Float.round(health.overhead * 100, 1), 8},
      {health.mailbox, 9},
      {round(probe.p50), 5},
      {round(probe.p99), 5},
      {round(probe.p999), 7},
      {round(probe.max), 11}
    ]
    |> Enum.map_join(fn {value, width} -> String.pad_leading(to_string(value), width) end)
  end

  defp mb(bytes), do: Float.round(bytes / 1.0e6, 1)

  defp judge(points, health, run) do
    # The first quarter fills what is allowed.
    {_, steady} = Enum.split(points, div(@points, 4))
    {early, late} = Enum.split(steady, div(length(steady), 2))
    grown = fn key -> mean(late, key) - mean(early, key) end

    faults =
      [
        {grown.(:rss) > @slack or grown.(:own) > @slack, "memory grew by #{mb(grown.(:rss))} MB"},
        {grown.(:disk) > @slack, "disk grew by #{mb(grown.(:disk))} MB"},
        {health.lost_events > 0, "#{health.lost_events} events were lost"},
        {health.panics > 0, "#{health.panics} panics"},
        {health.detail.changes > 0, "the detail changed"}
      ] ++ gaps(run)

    case for({true, fault} <- faults, do: fault) do
      [] ->
        IO.puts("memory and disk are flat, nothing was lost, the newest events have no gap")

      faults ->
        IO.puts("FAILED: " <> Enum.join(faults, "; "))
        System.stop(1)
        Process.sleep(:infinity)
    end
  end

  defp mean(points, key),
    do: round(Enum.sum(for point <- points, do: point[key]) / length(points))

  # Of the heart's beats since the recording is whole, none is absent.
  defp gaps(run) do
    report = heart(run)
    whole_from = report.whole_from_ns || 0

    beats =
      for %{start_ns: start, args: [%{value: value}]} <- report.frames, start >= whole_from do
        String.to_integer(value)
      end

    [first | _] = beats

    IO.puts(
      "whole from #{div(whole_from, 1_000_000)} ms on: beats #{first} to #{List.last(beats)}"
    )

    [
      {beats != Enum.to_list(first..List.last(beats)), "beats are absent"},
      {report.findings != [], inspect(report.findings)}
    ]
  end

  defp heart(run) do
    arguments = ["--format", "term", "--limit", "1000000000"]
    {:ok, text} = ElixirScope.Reader.show([run: run, fun: "#000000000000001"], arguments)
    {:ok, tokens, _} = text |> String.to_charlist() |> :erl_scan.string()
    {:ok, report} = :erl_parse.parse_term(tokens)
    report
  end
end

Bench.Sustained.run(System.argv())
