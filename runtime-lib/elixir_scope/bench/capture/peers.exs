# What the VM and its libraries offer for the same event: a call with three arguments.

defmodule Bench.Target do
  @moduledoc false
  # Never inlined: other modules call it remotely.
  def call(_id, _a, _b), do: :ok
end

defmodule Bench.NoTracer do
  @moduledoc false
  # OTP's `erl_tracer` as a library that does nothing: `runtime-lib/nif/examples/no_tracer.rs`.
  def load(path), do: :erlang.load_nif(String.to_charlist(Path.rootname(path)), 0)
  def enabled(_tag, _state, _tracee), do: :discard
  def trace(_tag, _state, _tracee, _what, _options), do: :ok
end

defmodule Bench.Peers do
  @moduledoc false

  alias Bench.{NoTracer, Target}

  # They keep every event in memory or write it out: fewer calls do.
  @calls 60_000
  @return [{:_, [], [{:return_trace}]}]

  # {name, whether it records, events of a turn, one measurement: ns of a turn}
  def all(directory, library) do
    :ok = NoTracer.load(library)

    [
      {":erlang.trace, messages: call", true, 1, fn -> traced(true, &by_messages/1) end},
      {":erlang.trace, messages: call and return", true, 2,
       fn -> traced(@return, &by_messages/1) end},
      {":dbg's file port: call", true, 1, fn -> traced(true, &by_port(&1, directory)) end},
      {":dbg's file port: call and return", true, 2,
       fn -> traced(@return, &by_port(&1, directory)) end},
      {"ETS insert", true, 1, &inserted/0},
      {"dispatch as of :telemetry, handler does nothing", false, 1, &dispatched/0},
      {"native tracer that does nothing: call", false, 1, fn -> traced(true, &by_nothing/1) end},
      {"native tracer that does nothing: call and return", false, 2,
       fn -> traced(@return, &by_nothing/1) end}
    ]
  end

  # Runs in a traced process: a process cannot trace itself.
  defp traced(match, start) do
    :erlang.trace_pattern({Target, :call, 3}, match, [])
    time = in_process(start)
    :erlang.trace_pattern({Target, :call, 3}, false, [])
    time
  end

  defp in_process(start) do
    parent = self()

    pid =
      spawn_link(fn ->
        receive do: (:go -> :ok)
        send(parent, {:time, Bench.Clock.per_turn(&target/1, @calls)})
      end)

    stop = start.(pid)
    send(pid, :go)
    time = receive do: ({:time, time} -> time)
    stop.()
    time
  end

  defp target(0), do: :ok

  defp target(n) do
    Target.call(42, n, :ok)
    target(n - 1)
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

  defp by_nothing(pid) do
    :erlang.trace(pid, true, [:call, {:tracer, NoTracer, []}])
    fn -> :ok end
  end

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

  # A table as a collector would have it, that several processes write.
  defp inserted do
    table = :ets.new(:events, [:public, write_concurrency: true])
    time = Bench.Clock.per_turn(&insert(&1, table), @calls)
    :ets.delete(table)
    time
  end

  defp insert(0, _table), do: :ok

  defp insert(n, table) do
    :ets.insert(table, {{self(), :erlang.monotonic_time()}, 42, n, :ok})
    insert(n - 1, table)
  end

  # A look into a table for who is attached, and a call of each within a `try`.
  defp dispatched do
    table = :ets.new(:handlers, [:duplicate_bag, :public, read_concurrency: true])
    :ets.insert(table, {[:shop, :order, :stop], :bench, &handle/4, nil})
    time = Bench.Clock.per_turn(&dispatch(&1, table), @calls)
    :ets.delete(table)
    time
  end

  defp dispatch(0, _table), do: :ok

  defp dispatch(n, table) do
    name = [:shop, :order, :stop]

    for {_, _, handler, config} <- :ets.lookup(table, name) do
      try do
        handler.(name, %{duration: n}, %{id: 42}, config)
      catch
        _, _ -> :ok
      end
    end

    dispatch(n - 1, table)
  end

  defp handle(_name, _measurements, _metadata, _config), do: :ok
end
