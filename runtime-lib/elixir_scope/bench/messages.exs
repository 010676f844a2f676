# What the VM's telling costs for each message, against trace messages, in one run.
#
#     cargo xtask bench messages       (or: mix run --no-start bench/messages.exs)
#
# A process sends messages to another, which throws them away, or to itself; send and
# receive are traced. Every row is the same loop, and what is shown is what tracing adds to it. The
# peers write no time stamp and are read by nobody: the cheapest receiver throws each
# message away.
#
# Two measures on all schedulers, and two on one, since none says everything:
#
#   * the time until all is received and told. The source sends in parts and waits for
#     the sink between them, so the two work by turns, recorded or not, and leave a core idle.
#     Trace messages are made there and thrown away here: half of what they cost is work on
#     the idle core, which this time does not show, and a busy machine has no such core;
#   * the time that schedulers are busy meanwhile, summed up: it shows that half;
#   * the time on one scheduler, where whatever processes do is done one after the other;
#   * the processor time of all threads in that: with it what the recording's helper thread
#     does, on which no process waits.
#
# A recording begins with making its files, which is no cost of messages: with `keep: :all`,
# the next files were made on the second core while the loop ran, a quarter of the processor
# time then. So this is a flight recorder, and the loop is timed when that has come round and
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
    :erlang.system_flag(:scheduler_wall_time, true)

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

  # By turns, so that a busy moment does not hit one row: for each way, the medians of its
  # time and of its schedulers', and the mean of its processor time, which has whole
  # milliseconds.
  defp measure(processes, directory) do
    ways = [
      fn _ -> {fn -> :ok end, fn -> true end, fn -> true end} end,
      &recorded(&1, directory),
      &by_messages(&1, @sender),
      &by_messages(&1, true)
    ]

    rounds = for _ <- 1..@rounds, do: Enum.map(ways, &round(processes, &1))

    for times <- Enum.zip_with(rounds, & &1) do
      [time, schedulers, processors] = Enum.zip_with(times, & &1)
      {median(time), median(schedulers), Enum.sum(processors) / @rounds}
    end
  end

  defp median(times), do: times |> Enum.sort() |> Enum.at(div(@rounds, 2))

  defp round(processes, start) do
    pids = processes.()
    {wait, settled?, stop} = start.(pids)
    settle(pids, wait, settled?)
    times = exchange(pids, wait)
    whole? = stop.()
    for pid <- pids, do: send(pid, :end)
    # An event that is lost is cheap: such a round does not count.
    if whole?, do: times, else: round(processes, start)
  end

  defp settle(pids, wait, settled?) do
    exchange(pids, wait)
    unless settled?.(), do: settle(pids, wait, settled?)
  end

  # Nanoseconds of a message, until it is received and, where it is told, until that is;
  # those of the schedulers, and of all processors.
  defp exchange(pids, wait) do
    began = now()
    for pid <- pids, do: send(pid, :go)
    receive do: (:received -> :ok)
    wait.()
    Enum.zip_with(now(), began, &((&1 - &2) / @messages))
  end

  defp now do
    native = System.convert_time_unit(1_000_000_000, :nanosecond, :native) / 1_000_000_000
    {processors, _} = :erlang.statistics(:runtime)
    schedulers = for {_, busy, _} <- :erlang.statistics(:scheduler_wall_time), do: busy
    [System.monotonic_time(:nanosecond), Enum.sum(schedulers) / native, processors * 1_000_000]
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
  # and how to end it, which says whether all was told.
  defp recorded(pids, directory) do
    {:ok, _} =
      ElixirScope.start_recording(
        [dir: directory, trace: [:messages], trace_processes: pids] ++ @flight
      )

    stop = fn ->
      :ok = ElixirScope.stop_recording()
      File.rm_rf!(directory)
      ElixirScope.status().lost_events == 0
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
      true
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

  @columns ["all schedulers", "their sum", "one scheduler", "all processors"]

  defp report(name, all, one) do
    [plain | told] =
      for {{time, sum, _}, {alone, _, processors}} <- Enum.zip(all, one),
          do: [time, sum, alone, processors]

    [recorded | _] = added = for row <- told, do: Enum.zip_with(row, plain, &-/2)
    IO.puts("\nA message, #{name}, ns; what tracing both ends adds, and recorded's share of it:")
    line("", @columns)
    line("untraced", Enum.map(plain, &"#{round(&1)}       "))

    for {way, times} <-
          Enum.zip(["recorded", "trace messages, with sender", "trace messages"], added) do
      line(way, Enum.zip_with(recorded, times, &"#{round(&2)} #{share(&1 / &2)}"))
    end
  end

  defp share(ratio), do: "(" <> :erlang.float_to_binary(ratio, decimals: 2) <> ")"

  defp line(name, cells),
    do:
      IO.puts(String.pad_trailing(name, 28) <> Enum.map_join(cells, &String.pad_leading(&1, 20)))
end

Bench.Messages.run()
