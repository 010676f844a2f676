for file <- ~w(segments terms capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.TraceTest do
  @moduledoc """
  What is recorded while traces run: code that was instrumented by the command, as a
  project's is.
  """
  use ElixirScope.Test.CaptureCase, async: false

  import ExUnit.CaptureIO

  alias ElixirScope.Overlay.{Command, Erasure}
  alias ElixirScope.Test.{CompactTerm.Cut, Segments}
  alias ElixirScope.Trace

  doctest ElixirScope.Trace

  @source """
  defmodule Traced.Cart do
    def total(items) do
      prices = Enum.map(items, fn {price, count} -> price * count end)
      sum(prices, 0)
    end

    def sum([], total), do: total
    def sum([price | rest], total), do: sum(rest, total + price)
  end

  defmodule Traced.Slow do
    def outer(n) do
      value = inner(n)
      {leaf(n), value}
    end

    def inner(n) do
      Process.sleep(rem(n, 3))
      {:inner, leaf(n)}
    end

    def leaf(n), do: {:leaf, n}
  end

  defmodule Traced.Other do
    def hello(name) do
      case name do
        nil -> :nobody
        _ -> {:hello, name}
      end
    end
  end
  """

  setup_all do
    dir = Path.join(System.tmp_dir!(), "escope-traced-#{System.pid()}")
    path = Path.join(dir, "lib/traced.ex")
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, @source)
    File.write!(Path.join(dir, "mix.exs"), "")
    out = Path.join(dir, "out")
    arguments = ["--path", "lib", "--strategy", "full"]
    {:ok, _} = Command.instrument(dir, out, :traced, arguments, dir)
    {:ok, term} = Erasure.check(@source, File.read!(Path.join(out, "src/lib/traced.ex")), path)
    modules = for {module, _} <- Code.compile_quoted(term, path), do: module

    on_exit(fn ->
      for module <- modules, do: :code.purge(module) && :code.delete(module)
      File.rm_rf!(dir)
    end)

    {:ok, maps: [Path.join(out, "nodes.esmap")]}
  end

  setup %{dir: dir, maps: maps}, do: {:ok, options: [dir: dir, maps: maps]}

  defp cart, do: apply(Traced.Cart, :total, [[{2, 3}, {1, 1}]])
  defp other, do: apply(Traced.Other, :hello, [:you])

  # By process: how many events there are of kinds that probes write.
  defp counts(dir) do
    probes = [:enter, :leave, :tail, :branch, :bind]
    events = Enum.filter(Segments.events(dir), &(&1.kind in probes))
    Enum.frequencies_by(events, & &1.pid)
  end

  defp own(dir, kind) do
    for %{kind: ^kind} = event <- Segments.events(dir), event.pid == self(), do: event
  end

  defp stop do
    dir = ElixirScope.status().dir
    assert ElixirScope.stop_recording() == :ok
    assert %{lost_events: 0, panics: 0, failure: nil} = ElixirScope.status()
    dir
  end

  describe "a trace" do
    test "starts a recording of nothing else, and ends it", %{options: options} do
      assert {:ok, ref} = ElixirScope.trace(Traced.Cart, recording: options)
      assert %{recording: true, dir: dir, traces: [trace]} = ElixirScope.status()
      assert %{ref: ^ref, target: Traced.Cart, level: :values, ends_in_ms: :infinity} = trace
      cart()
      other()
      assert ElixirScope.stop_trace(ref) == 1
      assert %{recording: false, traces: []} = ElixirScope.status()
      assert [[[{2, 3}, {1, 1}]] | _] = Enum.map(own(dir, :enter), & &1.terms)
      assert length(own(dir, :enter)) == 4
      assert ElixirScope.stop_trace(ref) == 0
    end

    test "narrows a recording until it ends", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording(options)
      other()
      {:ok, _} = ElixirScope.trace({Traced.Cart, :sum, 2})
      other()
      cart()
      assert ElixirScope.stop_trace({Traced.Cart, :sum, 2}) == 1
      other()
      stop()
      assert [[:you], [[6, 1], 0], [[1], 6], [7], [:you]] == terms(own(dir, :enter))
      whats = for %{terms: [what, text]} <- told(dir), do: {what, text}

      assert whats == [
               {:trace_started, "Traced.Cart.sum/2: values"},
               {:trace_ended, "Traced.Cart.sum/2: values"}
             ]
    end

    test "of a process, by pid or name, has what it does", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording([only: :traced] ++ options)
      other()
      Process.register(self(), :traced_test)
      {:ok, _} = ElixirScope.trace(:traced_test)
      other = spawn_monitor(&cart/0)
      assert_receive {:DOWN, _, :process, _, :normal}
      cart()
      stop()
      assert [pid] = Map.keys(counts(dir))
      assert pid == self() and pid != elem(other, 0)
      assert length(own(dir, :enter)) == 4
    end

    test "of code in some processes, or not in some", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording([only: :traced] ++ options)
      {:ok, only} = ElixirScope.trace(Traced.Cart, processes: [self()])
      cart()
      Task.await(Task.async(&cart/0))
      assert %{^only => [_]} = Enum.group_by(ElixirScope.status().traces, & &1.ref)
      assert ElixirScope.stop_trace(:all) == 1
      {:ok, _} = ElixirScope.trace(Traced.Other, except: [self()])
      other()
      task = Task.async(&other/0)
      Task.await(task)
      stop()
      assert [self(), task.pid] |> Enum.sort() == counts(dir) |> Map.keys() |> Enum.sort()
      assert length(own(dir, :enter)) == 4
    end

    test "has a level and limits of its own; the fullest counts", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording(options)
      {:ok, _} = ElixirScope.trace(self(), level: :boundaries)
      other()
      {:ok, _} = ElixirScope.trace(Traced.Cart, items: 1)
      cart()
      other()
      stop()
      # Those of the cart's function.
      assert length(own(dir, :branch)) == 2
      assert [[], [%Cut{kind: :list, kept: [_]}] | _] = entered = terms(own(dir, :enter))
      assert List.last(entered) == [] and own(dir, :bind) != []
    end

    test "of level off leaves its target out", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording(options)
      {:ok, _} = ElixirScope.trace({Traced.Cart, :sum}, level: :off)
      cart()
      other()
      {:ok, _} = ElixirScope.trace(Traced.Cart)
      cart()
      other()
      stop()
      items = [[{2, 3}, {1, 1}]]
      assert terms(own(dir, :enter)) == [items, [:you], items]
    end

    test "records the rest as its :others say", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording([only: :traced] ++ options)
      {:ok, _} = ElixirScope.trace({Traced.Cart, :total, 1}, others: :boundaries)
      cart()
      stop()
      assert [[[_, _]], [], [], []] = terms(own(dir, :enter))
    end

    test "ends by itself, after its time or with its process", %{options: options} do
      {:ok, _} = ElixirScope.trace(self(), duration: 30, recording: options)
      assert [%{ends_in_ms: left}] = ElixirScope.status().traces
      assert left <= 30
      eventually(fn -> not ElixirScope.status().recording end)

      {:ok, _} = ElixirScope.start_recording(options)
      pid = spawn(fn -> receive(do: (:end -> :ok)) end)
      {:ok, _} = ElixirScope.trace(pid)
      {:ok, _} = ElixirScope.trace(Traced.Cart, processes: [pid, self()])
      send(pid, :end)
      eventually(fn -> length(ElixirScope.status().traces) == 1 end)
      assert ElixirScope.status().recording
    end

    test "goes on with the children of its process, if it shall", %{options: options} do
      {:ok, _} = ElixirScope.trace(self(), inherit: true, recording: options)
      dir = ElixirScope.status().dir
      stranger = spawn(fn -> receive(do: (:go -> cart())) end)
      inner = fn -> Task.await(Task.async(&cart/0)) end
      for _ <- 1..5, do: Task.await(Task.async(inner))
      send(stranger, :go)
      stop()
      refute is_map_key(counts(dir), self())
      assert map_size(counts(dir)) == 6

      {:ok, _} = ElixirScope.start_recording(options)
      assert {:error, message} = ElixirScope.trace(self(), inherit: true)
      assert message =~ "start it with trace: [:processes]"
    end

    test "of new code finds its sites", %{options: options, maps: [map]} do
      {:ok, dir} = ElixirScope.start_recording(options)
      {:ok, _} = ElixirScope.trace(Traced.Cart)
      :ok = ElixirScope.Recorder.add_map(map)
      cart()
      stop()
      assert length(own(dir, :enter)) == 4
    end
  end

  describe "samples" do
    test "are of whole processes", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording([only: :traced] ++ options)
      {:ok, _} = ElixirScope.trace(Traced.Cart, sample: 4)
      for _ <- 1..400, do: Task.await(Task.async(&cart/0))
      stop()
      counts = Map.values(counts(dir))
      assert length(counts) in 50..150
      assert [_whole] = Enum.uniq(counts)
    end

    test "are of keys where processes have one", %{options: options} do
      {:ok, dir} = ElixirScope.start_recording([only: :traced] ++ options)
      {:ok, _} = ElixirScope.trace(Traced.Cart, sample: 4)

      requests =
        for request <- 1..100 do
          work = fn -> ElixirScope.sample_key({:request, request}) && cart() end
          pids = for _ <- 1..3, do: spawn_monitor(work)
          for {pid, ref} <- pids, do: assert_receive({:DOWN, ^ref, :process, ^pid, :normal})
          Enum.map(pids, &elem(&1, 0))
        end

      stop()
      counts = counts(dir)
      whole = for pids <- requests, do: pids |> Enum.map(&(counts[&1] || 0)) |> Enum.uniq()
      assert Enum.all?(whole, &match?([_], &1))
      assert Enum.count(whole, &(&1 != [0])) in 8..45
    end
  end

  describe "errors name the next step" do
    test "of code without probes, and of names that mean nothing", %{options: options} do
      assert {:error, message} = ElixirScope.trace(Enum, recording: options)
      assert message =~ "Enum has no probes: it was compiled without them"
      refute ElixirScope.status().recording
      assert {:error, message} = ElixirScope.trace(Traced.Nobody, recording: options)
      assert message =~ "no such module"
      assert {:error, message} = ElixirScope.trace(Enum, recording: [dir: options[:dir]])
      assert message =~ "no code with probes is loaded" and message =~ "elixir_scope.doctor"
      {pid, ref} = spawn_monitor(fn -> :ok end)
      assert_receive {:DOWN, ^ref, :process, ^pid, _}
      assert {:error, message} = ElixirScope.trace(pid)
      assert message =~ "there is no process"
      assert {:error, _} = ElixirScope.trace(Traced.Cart, processes: [:nobody])
    end

    test "of options" do
      assert_raise ArgumentError, ~r/did you mean :level/, fn ->
        ElixirScope.trace(Enum, levl: 1)
      end

      for wrong <- [[level: :all], [duration: 0], [sample: 0], [depth: -1], [processes: 1]],
          do: assert_raise(ArgumentError, fn -> ElixirScope.trace(Enum, wrong) end)

      assert_raise ArgumentError, fn -> ElixirScope.trace(self(), processes: [self()]) end
      assert_raise ArgumentError, fn -> ElixirScope.trace(1) end
      assert_raise ArgumentError, ~r/:only/, fn -> ElixirScope.start_recording(only: :some) end
    end

    test "of more traces than there can be", %{options: options} do
      {:ok, _} = ElixirScope.start_recording(options)
      for _ <- 1..32, do: assert({:ok, _} = ElixirScope.trace(self()))
      assert {:error, message} = ElixirScope.trace(self())
      assert message =~ "stop_trace(:all)"
      assert ElixirScope.stop_trace(self()) == 32
    end
  end

  test "IEx says what is traced", %{options: options} do
    alias ElixirScope.IEx, as: Helpers
    started = capture_io(fn -> Helpers.trace(Traced.Cart, duration: 9000, recording: options) end)
    assert started =~ ~r/^traced: Traced.Cart: values, for [89]\.\d s$/m
    assert capture_io(fn -> Helpers.status() end) =~ "traced: Traced.Cart: values"
    lines = started <> capture_io(fn -> Helpers.stop() end)
    assert lines =~ "1 trace ended"
    assert lines |> String.split("\n") |> Enum.all?(&(String.length(&1) <= 80))
    assert capture_io(fn -> Helpers.stop() end) =~ "no such trace"
    assert capture_io(fn -> Helpers.trace(Enum, recording: options) end) =~ "error: Enum has no"
  end

  test "changes are shown where they happened", %{options: options} do
    {:ok, _} = ElixirScope.start_recording(options)
    {:ok, ref} = ElixirScope.trace({Traced.Cart, :total, 1})
    cart()
    ElixirScope.stop_trace(ref)
    ElixirScope.Native.set_detail(:boundaries, :test)
    printed = capture_io(fn -> ElixirScope.IEx.tree() end)
    assert printed =~ "trace started: Traced.Cart.total/1: values"
    assert printed =~ "trace ended: Traced.Cart.total/1: values"
    assert printed =~ "level of detail: :boundaries, :test"
  end

  test "switching under load leaves frames that are right", %{options: options} do
    {:ok, dir} = ElixirScope.start_recording(options)
    test = self()
    workers = for _ <- 1..4, do: spawn_link(fn -> work(test) end)

    for n <- 1..200 do
      targets = [Traced.Slow, Traced.Other, {Traced.Slow, :inner}, Enum.random(workers)]
      level = Enum.random(Trace.levels())
      {:ok, ref} = ElixirScope.trace(Enum.at(targets, rem(n, 4)), level: level)
      if rem(n, 3) == 0, do: ElixirScope.Native.set_detail(level, n)
      if rem(n, 3) == 1, do: ElixirScope.Native.set_detail(:values, n)
      Process.sleep(rem(n, 2))
      assert ElixirScope.stop_trace(ref) == 1
    end

    for pid <- workers, do: send(pid, :stop)
    for _ <- workers, do: assert_receive(:stopped, 5000)
    stop()
    frames(dir)
  end

  defp work(test) do
    for n <- 1..5, do: {apply(Traced.Slow, :outer, [n]), other()}
    receive(do: (:stop -> send(test, :stopped)), after: (0 -> work(test)))
  end

  # None of these calls ever failed, and only outer and inner call anything.
  defp frames(dir) do
    {:ok, events} = ElixirScope.events(run: dir, limit: :infinity, detail: :boundaries)
    calls = for %{kind: :call} = call <- events, into: %{}, do: {call.id, call}
    assert map_size(calls) > 100
    closings = Enum.frequencies_by(calls, fn {_, call} -> call.closing end)
    assert Map.keys(closings) -- [:returned, :tail, :open] == []

    callers = %{
      "Traced.Slow.outer/1" => [nil],
      "Traced.Slow.inner/1" => [nil, "Traced.Slow.outer/1"],
      "Traced.Slow.leaf/1" => [nil, "Traced.Slow.outer/1", "Traced.Slow.inner/1"],
      "Traced.Other.hello/1" => [nil]
    }

    for {_, %{parent: parent} = call} <- calls do
      caller = if parent, do: calls[parent].function
      assert caller in callers[call.function]
    end
  end

  defp terms(events), do: Enum.map(events, & &1.terms)

  defp told(dir) do
    for %{kind: :switch} = event <- Segments.events(dir), event.node != 1, do: event
  end
end
