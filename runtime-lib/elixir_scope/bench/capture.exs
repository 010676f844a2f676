# What an event costs, against what the VM itself offers, in one run.
#
#     cargo xtask bench capture
#
# Every row is the same loop around another call, net of the empty loop; the least of
# several measurements is taken, since a busy machine can only add. A row is recorded in
# bursts that fit what stands ready, as a program's are: a loop of nothing but probes
# measures how fast the system makes memory. The peers write no time stamp, which our
# events have.

defmodule Bench.Clock do
  @moduledoc false

  # Nanoseconds of one turn, net of the loop.
  def per_turn(loop, turns) do
    empty = Enum.min(for _ <- 1..3, do: time(&Bench.Shapes.empty/1, turns))
    max(time(loop, turns) - empty, 0) / turns
  end

  defp time(loop, turns) do
    start = System.monotonic_time(:nanosecond)
    loop.(turns)
    System.monotonic_time(:nanosecond) - start
  end
end

directory = Path.join(__DIR__, "capture")
for file <- ["shapes.exs", "peers.exs"], do: Code.require_file(file, directory)

defmodule Bench.Capture do
  @moduledoc false

  alias Bench.{Clock, Peers, Shapes}

  @rounds 15
  @turns 400_000
  # Of one process and round: less than what stands ready for each.
  @burst 4 * 1024 * 1024
  @recording [keep: :newest, max_bytes: 512 * 1024 * 1024, segment_bytes: 16 * 1024 * 1024]

  def run(library) do
    directory = Path.join(System.tmp_dir!(), "escope-bench-#{System.pid()}")
    :ok = ElixirScope.Native.load()

    try do
      plain = plain()
      [alone, pairs] = for processes <- [1, 2], do: recorded(directory, processes)
      report(plain, Enum.zip(alone, pairs), peers(directory, library))
    after
      File.rm_rf!(directory)
    end
  end

  # Rows are {name, ns of an event}.
  defp plain do
    for {name, events, loop} <- [
          {"empty native function", 1, &Shapes.nop/1},
          {"gate off: enter, two small arguments", 1, &Shapes.enter2/1},
          {"gate off: enter and leave", 2, &Shapes.enter_leave/1}
        ],
        do: {name, least(events, fn -> Clock.per_turn(loop, @turns) end)}
  end

  # Each row has a recording of its own, which loses nothing.
  defp recorded(directory, processes) do
    for {name, events, bytes, loop} <- Shapes.all() do
      {:ok, _} = ElixirScope.start_recording([dir: directory] ++ @recording ++ Shapes.limits())
      turns = div(@burst, bytes)
      time = least(events, fn -> Enum.max(at_once(processes, loop, turns)) end)
      status = ElixirScope.status()
      :ok = ElixirScope.stop_recording()
      # Each process's end is an event too.
      ends = processes * @rounds
      true = (status.events - ends * turns * events) in 0..ends
      %{lost_events: 0, truncated: 0} = status
      File.rm_rf!(directory)
      {name, time}
    end
  end

  # What each of so many processes measures, all at the same time.
  defp at_once(processes, loop, turns) do
    # The helper thread makes ready what the last round took.
    Process.sleep(40)
    parent = self()

    pids =
      for _ <- 1..processes do
        spawn_link(fn ->
          receive do: (:go -> :ok)
          send(parent, {:time, Clock.per_turn(loop, turns)})
        end)
      end

    for pid <- pids, do: send(pid, :go)
    for _ <- pids, do: receive(do: ({:time, time} -> time))
  end

  defp peers(directory, library) do
    for {name, records?, events, measure} <- Peers.all(directory, library),
        do: {name, records?, least(events, measure)}
  end

  defp least(events, measure), do: Enum.min(for _ <- 1..@rounds, do: measure.()) / events

  defp report([{_, nop} | _] = plain, recorded, peers) do
    {_, _, cheapest} = peers |> Enum.filter(&elem(&1, 1)) |> Enum.min_by(&elem(&1, 2))
    line = fn name, ns, rest -> line([name, round(ns, 1), round(ns / nop, 2) | rest]) end
    line(["ns of one event", "ns", "x native", "two at once", "ratio", "cheapest peer"])
    for {name, ns} <- plain, do: line.(name, ns, [])

    for {{name, ns}, {_, both}} <- recorded do
      line.(name, ns, [round(both, 1), round(both / ns, 2), "#{round(cheapest / ns, 1)} x"])
    end

    IO.puts("")
    for {name, _, ns} <- peers, do: line.(name, ns, [])
    {_, pair} = recorded |> Enum.map(&elem(&1, 0)) |> List.keyfind(pair(), 0)

    IO.puts(
      "\nThe cheapest that records is #{round(cheapest / pair, 1)} times as dear as a probe."
    )
  end

  defp pair, do: "enter and leave, two small arguments"

  defp line([name | columns]) do
    widths = [9, 10, 13, 7, 15]
    padded = for {text, width} <- Enum.zip(columns, widths), do: String.pad_leading(text, width)
    IO.puts([String.pad_trailing(name, 50) | padded])
  end

  defp round(number, digits), do: :erlang.float_to_binary(number / 1, decimals: digits)
end

# A probe is called by compiled code: so is everything here.
[library] = System.argv()
Bench.Capture.run(library)
