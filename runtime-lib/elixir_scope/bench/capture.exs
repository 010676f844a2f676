# What an event costs, against what the VM itself offers, in one run.
#
#     cargo xtask bench capture        (or: mix run --no-start bench/capture.exs)
#
# Every row is the same loop around another call, net of the empty loop; the least of
# several measurements is taken, since a busy machine can only add. The peers trace
# calls with the same arguments; they write no time stamp, which our events have.

defmodule Bench.Target do
  @moduledoc false
  # Never inlined: other modules call it remotely.
  def call(_id, _a, _b), do: :ok
end

defmodule Bench.Capture do
  @moduledoc false

  alias Bench.Target

  @rounds 7
  @calls 400_000
  # The peers keep every event in memory or write it out: fewer calls do.
  @traced 60_000
  # What four segments hold is written faster than any disk takes it.
  @segment 96 * 1024 * 1024
  @id 42

  def run do
    directory = Path.join(System.tmp_dir!(), "escope-bench-#{System.pid()}")
    :ok = ElixirScope.Native.load()

    try do
      report(plain(), recorded(directory), peers(directory))
    after
      File.rm_rf!(directory)
    end
  end

  # Rows are {name, events per call, ns per event}.
  defp plain do
    for {name, events, fun} <- [
          {"empty native function", 1, &nop/1},
          {"gate off: enter, two small arguments", 1, &enter2/1},
          {"gate off: enter and leave", 2, &enter_leave/1}
        ],
        do: row(name, events, for(_ <- 1..@rounds, do: per_call(fun, @calls)))
  end

  # Each row has a recording of its own, in segments that hold all of it.
  defp recorded(directory) do
    for {name, events, fun} <- [
          {"enter, no arguments", 1, &enter0/1},
          {"enter, two small arguments", 1, &enter2/1},
          {"leave, small result", 1, &leave/1},
          {"enter and leave, two small arguments", 2, &enter_leave/1}
        ] do
      {:ok, _} = ElixirScope.start_recording(dir: directory, segment_bytes: @segment)
      times = for _ <- 1..@rounds, do: per_call(fun, @calls)
      status = ElixirScope.status()
      :ok = ElixirScope.stop_recording()
      {expected, 0} = {@rounds * @calls * events, status.lost_events}
      ^expected = status.events
      File.rm_rf!(directory)
      row(name, events, times)
    end
  end

  defp peers(directory) do
    return = [{:_, [], [{:return_trace}]}]

    for {kind, start} <- [
          {":erlang.trace, messages", &by_messages/1},
          {":dbg's file port", &by_port(&1, directory)}
        ],
        {what, events, match} <- [{"call", 1, true}, {"call and return", 2, return}] do
      row("#{kind}: #{what}", events, traced(match, start))
    end
  end

  defp row(name, events, times), do: {name, events, Enum.min(times) / events}

  # Runs `fun` in a traced process: a process cannot trace itself.
  defp traced(match, start) do
    :erlang.trace_pattern({Target, :call, 3}, match, [])
    times = for _ <- 1..@rounds, do: traced_once(start)
    :erlang.trace_pattern({Target, :call, 3}, false, [])
    times
  end

  defp traced_once(start) do
    parent = self()

    pid =
      spawn_link(fn ->
        receive do: (:go -> :ok)
        send(parent, {:time, per_call(&target/1, @traced)})
      end)

    stop = start.(pid)
    send(pid, :go)
    time = receive do: ({:time, time} -> time)
    stop.()
    time
  end

  # The cheapest receiver: it throws each message away.
  defp by_messages(pid) do
    tracer = spawn_link(&drain/0)
    :erlang.trace(pid, true, [:call, {:tracer, tracer}])

    fn ->
      Process.unlink(tracer)
      Process.exit(tracer, :kill)
    end
  end

  defp drain, do: receive(do: (_ -> drain()))

  # What :dbg.trace_port(:file, …) opens, without :dbg's own server in between.
  defp by_port(pid, directory) do
    File.mkdir_p!(directory)
    open = :dbg.trace_port(:file, String.to_charlist(Path.join(directory, "trace")))
    port = open.()
    :erlang.trace(pid, true, [:call, {:tracer, port}])

    fn ->
      Process.sleep(20)
      Port.close(port)
    end
  end

  # Nanoseconds of one call, net of the loop.
  defp per_call(fun, calls) do
    empty = Enum.min(for _ <- 1..3, do: time(&empty/1, calls))
    max(time(fun, calls) - empty, 0) / calls
  end

  defp time(fun, calls) do
    start = System.monotonic_time(:nanosecond)
    fun.(calls)
    System.monotonic_time(:nanosecond) - start
  end

  defp empty(0), do: :ok
  defp empty(n), do: empty(n - 1)

  defp nop(0), do: :ok

  defp nop(n) do
    ElixirScope.Native.nop()
    nop(n - 1)
  end

  defp enter0(0), do: :ok

  defp enter0(n) do
    :scope_probe.enter(@id)
    enter0(n - 1)
  end

  defp enter2(0), do: :ok

  defp enter2(n) do
    :scope_probe.enter(@id, n, :ok)
    enter2(n - 1)
  end

  defp leave(0), do: :ok

  defp leave(n) do
    :scope_probe.leave(@id, n)
    leave(n - 1)
  end

  defp enter_leave(0), do: :ok

  defp enter_leave(n) do
    :scope_probe.enter(@id, n, :ok)
    :scope_probe.leave(@id, n)
    enter_leave(n - 1)
  end

  defp target(0), do: :ok

  defp target(n) do
    Target.call(@id, n, :ok)
    target(n - 1)
  end

  defp report(plain, recorded, peers) do
    [{_, _, nop} | _] = plain
    {_, _, cheapest} = Enum.min_by(peers, &elem(&1, 2))
    IO.puts(line("ns of one event", "ns", "x native", "cheapest peer is"))

    for {name, _, ns} = row <- plain ++ recorded ++ peers do
      times = if row in plain, do: "", else: "#{round(cheapest / ns, 1)} x"
      IO.puts(line(name, round(ns, 1), round(ns / nop, 2), times))
    end

    {_, _, pair} = List.last(recorded)

    IO.puts(
      "\nThe cheapest of the VM's own is #{round(cheapest / pair, 1)} times as dear as a probe."
    )
  end

  defp line(name, ns, native, peer) do
    String.pad_trailing(name, 40) <>
      String.pad_leading(ns, 8) <>
      String.pad_leading(native, 10) <> String.pad_leading(peer, 18)
  end

  defp round(number, digits), do: :erlang.float_to_binary(number / 1, decimals: digits)
end

# A probe is called by compiled code: so is everything here.
Bench.Capture.run()
