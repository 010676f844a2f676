# What the VM's telling costs for each message, against trace messages, in one run.
#
#     cargo xtask bench messages       (or: mix run --no-start bench/messages.exs)
#
# A process sends messages to another, which throws them away, or to itself; send and
# receive are traced. Every row is the same loop, and what is shown is what tracing adds to it. The
# peers write no time stamp and are read by nobody: the cheapest receiver throws each
# message away, the cheapest native tracer writes nothing.

defmodule Bench.Messages do
  @moduledoc false

  @rounds 9
  @messages 100_000
  @part 500
  @segment 16 * 1024 * 1024
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
        {plain, rows} = measure(fn -> processes.(message) end, directory)
        report(name, plain, rows)
      end
    after
      File.rm_rf!(directory)
    end
  end

  # By turns, so that a busy moment does not hit one row.
  defp measure(processes, directory) do
    ways = [
      {"recorded", &recorded(&1, directory)},
      {"trace messages, with sender", &by_messages(&1, @sender)},
      {"trace messages", &by_messages(&1, true)}
    ]

    rounds =
      for _ <- 1..@rounds do
        [
          exchange(processes, fn _ -> {fn -> :ok end, fn -> :ok end} end)
          | for({_, way} <- ways, do: exchange(processes, way))
        ]
      end

    [plain | times] = rounds |> Enum.zip() |> Enum.map(&(&1 |> Tuple.to_list() |> Enum.min()))
    {plain, Enum.zip(Enum.map(ways, &elem(&1, 0)), times)}
  end

  # Nanoseconds of a message, until it is received and, where it is told, until that is.
  defp exchange(processes, start) do
    [source | _] = pids = processes.()
    {wait, stop} = start.(pids)
    began = System.monotonic_time(:nanosecond)
    send(source, :go)
    receive do: (:received -> :ok)
    wait.()
    took = System.monotonic_time(:nanosecond) - began
    stop.()
    for pid <- pids, do: send(pid, :end)
    took / @messages
  end

  defp pair(message) do
    parent = self()

    sink =
      spawn_link(fn -> receive(do: ({:source, source} -> sink(@messages, source, parent))) end)

    source =
      spawn_link(fn ->
        receive do: (:go -> :ok)
        send_all(@messages, sink, message)
      end)

    send(sink, {:source, source})
    [source, sink]
  end

  defp alone(message) do
    parent = self()

    pid =
      spawn_link(fn ->
        receive do: (:go -> :ok)
        send_self(@messages, message)
        send(parent, :received)
        receive do: (:end -> :ok)
      end)

    [pid]
  end

  defp send_self(0, _message), do: :ok

  defp send_self(n, message) do
    send(self(), message.(n))
    receive do: (_ -> send_self(n - 1, message))
  end

  defp sink(0, _source, parent) do
    send(parent, :received)
    receive do: (:end -> :ok)
  end

  defp sink(n, source, parent) do
    receive do: (_ -> :ok)
    if rem(n - 1, @part) == 0, do: send(source, :more)
    sink(n - 1, source, parent)
  end

  # In parts: a mailbox of all of them would measure the garbage collector.
  defp send_all(0, _sink, _message), do: receive(do: (:end -> :ok))

  defp send_all(n, sink, message) do
    send(sink, message.(n))
    if rem(n - 1, @part) == 0, do: receive(do: (:more -> :ok))
    send_all(n - 1, sink, message)
  end

  defp ten_keys(n), do: Map.new(1..10, &{&1, n})

  defp recorded(pids, directory) do
    {:ok, _} =
      ElixirScope.start_recording(
        dir: directory,
        segment_bytes: @segment,
        trace: [:messages],
        trace_processes: pids
      )

    stop = fn ->
      :ok = ElixirScope.stop_recording()
      %{lost_events: 0} = ElixirScope.status()
      File.rm_rf!(directory)
    end

    {fn -> :ok end, stop}
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
    end

    {wait, stop}
  end

  defp drain do
    receive do
      {:over, parent} -> send(parent, :read)
      _ -> drain()
    end
  end

  defp report(name, plain, [{_, recorded} | _] = rows) do
    IO.puts("\nA message, #{name}: #{round(plain)} ns untraced; what tracing both ends adds:")

    for {way, time} <- rows do
      share = (recorded - plain) / (time - plain)

      IO.puts(
        String.pad_trailing(way, 32) <>
          String.pad_leading("#{round(time - plain)} ns", 10) <>
          String.pad_leading("recorded is #{Float.round(share, 2)} of it", 28)
      )
    end
  end
end

Bench.Messages.run()
