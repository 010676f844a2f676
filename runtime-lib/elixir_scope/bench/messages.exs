# What the VM's telling costs for each message, against trace messages, in one run.
#
#     cargo xtask bench messages       (or: mix run --no-start bench/messages.exs)
#
# A process sends messages to another, which throws them away, or to itself; send and
# receive are traced. Every row is the same loop, and what is shown is what tracing adds to it. The
# peers write no time stamp and are read by nobody: the cheapest receiver throws each
# message away.
#
# Three measures, since none of them says everything:
#
#   * the time until all is received and told, on all schedulers. Here the processes work
#     side by side: what the receiver's side costs, and what trace messages cost to whom
#     they are sent, is hidden on another core as far as one is idle, and instead the loop
#     waits for wake-ups and for cache lines of the other core. With two cores it jumps
#     between two values, by whether the scheduler that is woken still spun;
#   * the same time on one scheduler: whatever processes do is done one after the other,
#     and nothing of it is hidden;
#   * the processor time of all threads meanwhile: that, and what the recording's helper
#     thread does. This is what a message costs a machine that is busy.
#
# A recording begins with making its files, which is no cost of messages: with `keep: :all`,
# the next files were made on the second core while the loop ran, and took a third of it.
# So this is a flight recorder, and the loop is timed when that has come round and
# recycles its segments, as it does from then on.

defmodule Bench.Messages do
  @moduledoc false

  @rounds 9
  @messages 100_000
  @part 500
  @flight [keep: :newest, budget: false, max_bytes: 64 * 1024 * 1024]
  @sender [{[:_, :"$1", :_], [], [{:message, :"$1"}]}]

  def run do
    directory = Path.join(System.tmp_dir!(), "escope-bench-#{System.pid()}")
    :ok = ElixirScope.Native.load()

    try do
      for {name, processes, message} <- [
            {"{:message, n} to another", &pair/1, &{:message, &1}},
            {"{:message, n} to itself", &alone/1, &{:message, &1}},
            {"ten keys to another", &pair/1, &ten_keys/1}
          ] do
        measure = fn -> measure(fn -> processes.(message) end, directory) end
        report(name, measure.(), on_one_scheduler(measure))
      end
    after
      File.rm_rf!(directory)
    end
  end

  defp on_one_scheduler(measure) do
    :erlang.system_flag(:schedulers_online, 1)
    measure.()
  after
    :erlang.system_flag(:schedulers_online, System.schedulers())
  end

  # By turns, so that a busy moment does not hit one row: for each way, its median time and
  # its mean processor time.
  defp measure(processes, directory) do
    ways = [
      fn _ -> {fn -> :ok end, fn -> true end, fn -> :ok end} end,
      &recorded(&1, directory),
      &by_messages(&1, @sender),
      &by_messages(&1, true)
    ]

    rounds = for _ <- 1..@rounds, do: Enum.map(ways, &round(processes, &1))

    for times <- Enum.zip_with(rounds, & &1) do
      {wall, processor} = Enum.unzip(times)
      {wall |> Enum.sort() |> Enum.at(div(@rounds, 2)), Enum.sum(processor) / @rounds}
    end
  end

  defp round(processes, start) do
    pids = processes.()
    {wait, settled?, stop} = start.(pids)
    settle(pids, wait, settled?)
    times = exchange(pids, wait)
    stop.()
    for pid <- pids, do: send(pid, :end)
    times
  end

  defp settle(pids, wait, settled?) do
    exchange(pids, wait)
    unless settled?.(), do: settle(pids, wait, settled?)
  end

  # Nanoseconds of a message, until it is received and, where it is told, until that is;
  # and those of all processors.
  defp exchange(pids, wait) do
    {busy, _} = :erlang.statistics(:runtime)
    began = System.monotonic_time(:nanosecond)
    for pid <- pids, do: send(pid, :go)
    receive do: (:received -> :ok)
    wait.()
    took = System.monotonic_time(:nanosecond) - began
    {still_busy, _} = :erlang.statistics(:runtime)
    {took / @messages, (still_busy - busy) * 1_000_000 / @messages}
  end

  # The sink first: it is told to go before there is anything to take.
  defp pair(message) do
    parent = self()
    sink = spawn_link(fn -> receive(do: ({:source, source} -> sink(source, parent))) end)
    source = spawn_link(fn -> source(sink, message) end)
    send(sink, {:source, source})
    [sink, source]
  end

  defp sink(source, parent) do
    receive do
      :go ->
        take(@messages, source)
        send(parent, :received)
        sink(source, parent)

      :end ->
        :ok
    end
  end

  defp take(0, _source), do: :ok

  defp take(n, source) do
    receive do: (_ -> :ok)
    if rem(n - 1, @part) == 0, do: send(source, :more)
    take(n - 1, source)
  end

  defp source(sink, message) do
    receive do
      :go ->
        send_all(@messages, sink, message)
        source(sink, message)

      :end ->
        :ok
    end
  end

  # In parts: a mailbox of all of them would measure the garbage collector.
  defp send_all(0, _sink, _message), do: :ok

  defp send_all(n, sink, message) do
    send(sink, message.(n))
    if rem(n - 1, @part) == 0, do: receive(do: (:more -> :ok))
    send_all(n - 1, sink, message)
  end

  defp alone(message) do
    parent = self()
    [spawn_link(fn -> alone(message, parent) end)]
  end

  defp alone(message, parent) do
    receive do
      :go ->
        send_self(@messages, message)
        send(parent, :received)
        alone(message, parent)

      :end ->
        :ok
    end
  end

  defp send_self(0, _message), do: :ok

  defp send_self(n, message) do
    send(self(), message.(n))
    receive do: (_ -> send_self(n - 1, message))
  end

  defp ten_keys(n), do: Map.new(1..10, &{&1, n})

  # A way to trace: how to wait until all is told, whether the next turn may be timed,
  # and how to end it.
  defp recorded(pids, directory) do
    {:ok, _} =
      ElixirScope.start_recording(
        [dir: directory, trace: [:messages], trace_processes: pids] ++ @flight
      )

    stop = fn ->
      %{lost_events: 0} = ElixirScope.status()
      :ok = ElixirScope.stop_recording()
      File.rm_rf!(directory)
    end

    {fn -> :ok end, fn -> ElixirScope.status().recycled_bytes > 0 end, stop}
  end

  # The cheapest receiver: it throws each message away. It is awaited, since what it has
  # not read yet is not told yet.
  defp by_messages(pids, pattern) do
    tracer = spawn_link(&drain/0)
    :erlang.trace_pattern(:receive, pattern, [])
    for pid <- pids, do: :erlang.trace(pid, true, [:send, :receive, {:tracer, tracer}])

    wait = fn ->
      send(tracer, {:over, self()})
      receive do: (:read -> :ok)
    end

    stop = fn ->
      for pid <- pids, do: :erlang.trace(pid, false, [:all])
      :erlang.trace_pattern(:receive, true, [])
      send(tracer, :end)
    end

    {wait, fn -> true end, stop}
  end

  defp drain do
    receive do
      {:over, parent} -> send(parent, :read) && drain()
      :end -> :ok
      _ -> drain()
    end
  end

  @columns ["all schedulers", "one scheduler", "its processor time"]

  defp report(name, all, one) do
    {one, processor} = Enum.unzip(one)
    [plain | told] = Enum.zip([Enum.map(all, &elem(&1, 0)), one, processor])

    added =
      for row <- told, do: Enum.zip_with(lists([row, plain]), fn [time, base] -> time - base end)

    IO.puts("\nA message, #{name}, ns; what tracing both ends adds, and which share recorded is:")
    line("", @columns)
    line("untraced", Enum.map(Tuple.to_list(plain), &"#{round(&1)}"))

    for {way, times} <-
          Enum.zip(["recorded", "trace messages, with sender", "trace messages"], added) do
      line(way, Enum.zip_with(hd(added), times, &"#{round(&2)}  (#{Float.round(&1 / &2, 2)})"))
    end
  end

  defp lists(rows), do: Enum.map(rows, &Tuple.to_list/1)

  defp line(name, cells),
    do:
      IO.puts(String.pad_trailing(name, 28) <> Enum.map_join(cells, &String.pad_leading(&1, 20)))
end

Bench.Messages.run()
