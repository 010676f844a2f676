for file <- ~w(segments vm writers capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.HealthTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  import ExUnit.CaptureIO
  import ExUnit.CaptureLog

  alias ElixirScope.Health
  alias ElixirScope.Health.{Alerts, Courier, Memory, Watch}
  alias ElixirScope.Test.{Segments, Writers}

  doctest Alerts

  setup_all do
    {:ok, _} = Application.ensure_all_started(:logger)
    :ok
  end

  defp write(count) do
    for n <- 1..count do
      :scope_probe.enter(1, n, :ok)
      if rem(n, 2000) == 0, do: Process.sleep(1)
    end
  end

  # Looks often enough for two looks over budget, or for what comes after one.
  defp look(times \\ 1), do: for(_ <- 1..times, do: Watch.look(Process.whereis(Watch)))

  defp gather(messages \\ []) do
    receive do
      message -> gather([message | messages])
    after
      100 -> Enum.reverse(messages)
    end
  end

  describe "what it says" do
    test "are the library's counts, and times of a part of all events", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording(dir: dir, keep: :newest, max_bytes: 8_000_000)
      write(64_000)
      %{events: events} = health = ElixirScope.health()
      assert %{recording: true, lost_events: 0, panics: 0, drop_rate: 0.0} = health
      assert events >= 64_000 and health.bytes >= events * 32
      assert health.rates.events > 0 and health.overhead > 0 and health.overhead < 1

      probe = health.probe_ns
      assert abs(probe.timed * 64 - events) < events / 10
      ordered = [probe.p50, probe.p90, probe.p99, probe.p999, probe.max]
      assert Enum.sort(ordered) == ordered and probe.p50 > 0
      assert probe.mean > 0 and probe.mean <= probe.max

      segments = health.segments
      assert segments.fill > 0 and segments.fill <= 1 and segments.rings >= 1
      assert segments.wanted >= 4 and segments.ready <= segments.wanted
      assert health.memory.mapped == health.disk.used and health.disk.used <= 8_000_000
      assert health.memory.recorder > 0 and health.disk.free > 0

      printed = capture_io(&ElixirScope.IEx.health/0)

      assert printed =~ ~r/^an event  mean .*, p999 /m and
               printed =~ ~r/^segments  \d+ of \d+ ready/m

      assert Enum.all?(String.split(printed, "\n"), &(String.length(&1) <= 80))

      :ok = ElixirScope.stop_recording()
      assert %{recording: false, events: ^events, overhead: 0.0} = ElixirScope.health()
    end

    test "segments that are kept on disk only are mapped no longer", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording(dir: dir, segment_bytes: 65_536)
      write(200_000)

      eventually(fn ->
        %{memory: memory, disk: disk, segments: segments} = ElixirScope.health()
        disk.used > 8_000_000 and memory.mapped < disk.used - 2_000_000 and segments.waiting == 0
      end)
    end

    test "what a recording said is not said of the next one", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording(dir: dir)
      write(10_000)
      :ok = ElixirScope.stop_recording()
      {:ok, _} = ElixirScope.start_recording(dir: dir)
      # Each thread writes at least once.
      for _ <- 1..50, do: Task.await(Task.async(fn -> write(1) end))
      assert ElixirScope.health().probe_ns.timed < 50
    end

    test "rates and overhead are those of the time between two samples" do
      earlier = %{Health.zero(0) | events: 100, timed: 0}

      later = %{
        Health.zero(2_000_000_000)
        | events: 300,
          lost_events: 200,
          timed: 200,
          timed_ns: 200 * 90.0,
          helper_ns: 4_000_000
      }

      health = Health.between(earlier, later, %{level: :values, changes: 0}, 10.0, 4)
      assert health.window_ms == 2000
      assert health.rates.events == 100.0 and health.rates.lost == 100.0
      assert health.drop_rate == 0.5
      assert health.overhead == (200 * 100.0 + 4_000_000) / 2.0e9 / 4
    end
  end

  describe "a budget" do
    # That they hold: each is announced before.
    defp changes(events), do: for(%{kind: :level, node: 0} = event <- events, do: event.terms)

    test "that is exceeded lowers the detail step by step, and the recording says so", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, budget: [overhead: 1.0e-9])

      for node <- 1..4 do
        :scope_probe.enter(node, :value)
        look()
      end

      assert ElixirScope.health().detail == %{level: :off, changes: 3}
      :ok = ElixirScope.stop_recording()
      events = Segments.events(run)

      # At :branches calls have no values; at :off there are no calls.
      assert [[:value], [], []] = for(%{kind: :enter} = event <- events, do: event.terms)

      assert [[:branches, {:overhead, far}], [:boundaries, _], [:off, _]] = changes(events)

      assert is_float(far) and far > 4
    end

    if Memory.available() do
      test "of memory that the machine has no longer is one, too", %{dir: dir} do
        {:ok, run} = ElixirScope.start_recording(dir: dir, budget: [available_memory: 2 ** 62])
        look()
        health = ElixirScope.health()
        assert health.detail == %{level: :branches, changes: 1}
        assert health.memory.available > 0
        :ok = ElixirScope.stop_recording()
        assert [[:branches, {:available_memory, far}]] = changes(Segments.events(run))
        assert far > 4
      end
    end

    test "that was exceeded brings the detail back when the load is over", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, budget: [drops: 0.5, overhead: 0.9])
      watch = Process.whereis(Watch)
      # As if the load had been there a moment ago.
      :sys.replace_state(watch, &%{&1 | breaker: %{&1.breaker | level: :branches}})
      look(5)
      assert ElixirScope.health().detail == %{level: :values, changes: 1}
      :ok = ElixirScope.stop_recording()
      assert [[:values, _]] = changes(Segments.events(run))
    end
  end

  describe "telemetry" do
    setup do
      test = self()
      Process.register(test, :telemetry_test)

      Code.eval_string("""
      defmodule :telemetry do
        def execute(name, measurements, metadata),
          do: send(:telemetry_test, {name, measurements, metadata})
      end
      """)

      on_exit(fn ->
        :code.purge(:telemetry)
        :code.delete(:telemetry)
        :code.purge(:telemetry)
      end)
    end

    test "is told of each look, and of changes", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, budget: [overhead: 1.0e-9])
      write(1000)
      look()
      assert_receive {[:elixir_scope, :health], %{events: events} = measurements, metadata}
      assert events >= 1000 and Enum.all?(Map.values(measurements), &is_number/1)
      assert metadata == %{dir: run, detail: :branches}
      assert is_map_key(measurements, :available_bytes) == is_integer(Memory.available())

      assert_receive {[:elixir_scope, :detail], %{changes: 1},
                      %{reason: :overhead, from: :values}}
    end
  end

  describe "alerts" do
    test "tell of changes, with the health, once in a while", %{dir: dir} do
      test = self()
      tell = fn alert -> send(test, {:alert, alert}) end
      {:ok, _} = ElixirScope.start_recording(dir: dir, budget: [disk: 2 ** 62], alert: tell)
      look(3)
      assert [{:alert, alert}] = gather()
      assert %{kind: :detail, suppressed: 0, health: %{detail: %{changes: 1}}} = alert
      assert alert.message =~ ~r/disk is .* times its budget: values -> branches/
      assert ElixirScope.health().detail == %{level: :off, changes: 3}
    end

    test "tell of losses, and of the end of a recording that has no room", %{dir: dir} do
      options = [dir: dir, max_bytes: 2_000_000, alert: {__MODULE__, :tell, [self()]}]

      warning =
        capture_io(:stderr, fn ->
          {:ok, _} = ElixirScope.start_recording(options)
          Writers.fill()
          eventually(fn -> not ElixirScope.status().recording end)
        end)

      assert warning =~ "the recording ends"
      alerts = gather()
      assert [ended] = for({:alert, %{kind: :ended} = alert} <- alerts, do: alert)
      assert ended.message =~ "limit of 2000000 bytes" and ended.health.lost_events > 0
    end

    test "that raise, or never return, harm nobody", %{dir: dir} do
      log =
        capture_log(fn ->
          for alert <- [fn _ -> raise "mine" end, fn _ -> Process.sleep(:infinity) end] do
            {:ok, _} =
              ElixirScope.start_recording(dir: dir, budget: [disk: 2 ** 62], alert: alert)

            watch = Process.whereis(Watch)
            look(4)
            assert Process.whereis(Watch) == watch and ElixirScope.status().recording
            assert ElixirScope.stop_recording() == :ok
          end

          Process.sleep(10)
        end)

      assert log =~ "mine"
    end

    test "of one kind are ten seconds apart, and say how many were not told" do
      test = self()
      alerts = %Alerts{callback: &send(test, {&1.kind, &1.message, &1.suppressed})}
      idle = fn alerts -> %{alerts | courier: %Courier{}} end

      for {kind, at} <- [drops: 0, drops: 9_999, panic: 9_999, drops: 10_000, drops: 12_000],
          reduce: alerts do
        alerts -> alerts |> idle.() |> Alerts.tell(kind, "at #{at}", %{}, at)
      end

      told = for {kind, _, _} = told when kind != :DOWN <- gather(), do: told

      assert Enum.sort(told) == [
               {:drops, "at 0", 0},
               {:drops, "at 10000", 0},
               {:panic, "at 9999", 1}
             ]
    end

    def tell(alert, test), do: send(test, {:alert, alert})
  end

  describe "functions of others" do
    test "run one at a time, and one that takes too long ends" do
      test = self()
      wait = fn _ -> Process.sleep(:infinity) end
      courier = Courier.run(%Courier{}, wait, 0)
      {slow, reference, 0} = courier.running
      courier = Courier.run(courier, &send(test, {:ran, &1}), 60_000)
      assert %{turned_away: 1, running: {^slow, _, _}} = courier
      other = Process.monitor(slow)
      courier = Courier.run(courier, &send(test, {:ran, &1}), 60_001)
      assert_receive {:DOWN, ^other, :process, ^slow, :killed}
      assert_receive {:ran, 1}
      {_, reference_now, _} = courier.running
      assert_receive {:DOWN, ^reference_now, _, _, :normal}
      assert Courier.down(courier, reference) == courier
      assert Courier.down(courier, reference_now).running == nil
    end
  end

  test "a watch that fails is there again, and the recording goes on", %{dir: dir} do
    {:ok, _} = ElixirScope.start_recording(dir: dir)
    watch = Process.whereis(Watch)
    Process.exit(watch, :kill)
    eventually(fn -> Process.whereis(Watch) not in [nil, watch] end)
    write(1000)
    assert %{recording: true, detail: %{level: :values}} = ElixirScope.health()
    :ok = ElixirScope.stop_recording()
    eventually(fn -> Process.whereis(Watch) == nil end)
  end

  test "options that are wrong are named", %{dir: dir} do
    refused = [
      {[budget: 5], ":budget must be true, false or a keyword list"},
      {[budget: [overhed: 1]], "unknown key :overhed in :budget, did you mean :overhead?"},
      {[budget: [overhead: 0]], ":overhead in :budget must be a share such as 0.05"},
      {[budget: [available_memory: -1]], ":available_memory in :budget must be a positive"},
      {[budget: [disk: 0.5]], ":disk in :budget must be a positive number of bytes"},
      {[alert: :me], ":alert must be a function of one argument or {module"}
    ]

    for {options, message} <- refused, do: assert_refused(dir, options, message)
  end
end
