for file <- ~w(segments terms vm probes writers machine capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.CaptureTest do
  # There is one recording in a VM, and the whole VM's probes are switched.
  use ElixirScope.Test.CaptureCase, async: false

  import ExUnit.CaptureIO

  alias ElixirScope.{Gate, Native}
  alias ElixirScope.Test.{CompactTerm.Cut, Machine, Probes, Segments, Terms, VM, Writers}

  @wide [depth: 32, items: 127, binary_bytes: 65_536, payload_bytes: 32_768]
  @small [segment_bytes: 64 * 1024]

  describe "terms" do
    setup do
      # What `mix test --seed` says is what was generated.
      :rand.seed(:exsss, ExUnit.configuration()[:seed])
      :ok
    end

    defp bytes(terms), do: Enum.map(terms, &:erlang.term_to_binary(&1, [:deterministic]))

    defp same!(recorded, original) do
      for {a, b} <- Enum.zip(recorded, original), bytes([a]) != bytes([b]) do
        flunk("recorded #{inspect(a, limit: 50)}, was #{inspect(b, limit: 50)}")
      end

      assert length(recorded) == length(original)
    end

    test "one by one, of every kind", %{dir: dir} do
      terms = Terms.edges() ++ Terms.generated(300)
      events = record(dir, @wide, fn -> for term <- terms, do: :scope_probe.bind(1, term) end)
      assert Enum.all?(own(events), &(&1.kind == :bind and &1.argc == 1 and not &1.truncated?))
      same!(Enum.flat_map(own(events), & &1.terms), terms)
    end

    test "several in an event", %{dir: dir} do
      chunks = for n <- 1..60, do: Terms.generated(rem(n, 11))

      events =
        record(dir, @wide, fn ->
          for chunk <- chunks, do: apply(:scope_probe, :enter, [2 | chunk])
        end)

      assert Enum.map(own(events), & &1.argc) == Enum.map(chunks, &length/1)
      for {event, chunk} <- Enum.zip(own(events), chunks), do: same!(event.terms, chunk)
    end

    test "processes with a serial number", %{dir: dir} do
      # The numbers of processes start again, with the next serial, after 32 768;
      # from OTP 26 on, after 2^28, which no test waits for.
      for _ <- 1..35_000, do: spawn(fn -> :ok end)
      parent = self()

      pids =
        for _ <- 1..4, do: spawn(fn -> send(parent, {self(), :scope_probe.bind(3, self())}) end)

      for pid <- pids, do: assert_receive({^pid, ^pid})
      late? = String.to_integer(System.otp_release()) >= 26
      assert late? or not (pids |> hd() |> inspect() |> String.ends_with?(".0>"))
      events = record(dir, fn -> for pid <- pids, do: :scope_probe.bind(4, pid) end)
      same!(Enum.flat_map(own(events), & &1.terms), pids)
    end

    test "functions are never serialised", %{dir: dir} do
      big = Enum.to_list(1..1000)
      funs = [fn -> big end, &Enum.map/2, {:ok, fn x -> x end}]
      events = own(record(dir, @wide, fn -> for f <- funs, do: :scope_probe.leave(5, f) end))
      assert Enum.all?(events, & &1.truncated?)
      cut = %Cut{kind: :opaque, size: 0}
      assert Enum.flat_map(events, & &1.terms) == [cut, cut, {:ok, cut}]
    end
  end

  describe "limits" do
    # The event that `term` gives, and the run's count of cut events.
    defp limited(dir, limits, term) do
      [event] = own(record(dir, limits, fn -> :scope_probe.bind(1, term) end))
      {event, ElixirScope.status().truncated}
    end

    test "of depth", %{dir: dir} do
      term = [{1, [], %{}, {}, {2, 3}, [4], %{a: 1, b: 2}}]
      assert {event, 1} = limited(dir, [depth: 2], term)
      assert event.truncated? and not event.omitted?

      deep = [{:opaque_tuple, 2}, {:opaque_list, 0}, {:opaque_map, 2}]
      [tuple, list, map] = for {kind, size} <- deep, do: %Cut{kind: kind, size: size}
      assert event.terms == [[{1, [], %{}, {}, tuple, list, map}]]
      assert {%{truncated?: false, terms: [^term]}, 0} = limited(dir, [depth: 3], term)
    end

    test "of items", %{dir: dir} do
      term = {[1, 2, 3, 4], [1, 2, 3 | 4], Map.new(1..50, &{&1, &1})}
      assert {event, 1} = limited(dir, [items: 3], term)
      assert [{%Cut{kind: :list, kept: [1, 2, 3]}, [1, 2, 3 | 4], map}] = event.terms
      assert %Cut{kind: :map, size: 50, kept: kept} = map
      assert map_size(kept) == 3 and Enum.all?(kept, fn {k, v} -> k == v end)
      assert {event, 1} = limited(dir, [items: 2], {1, 2, 3})
      assert event.truncated? and event.terms == [%Cut{kind: :tuple, size: 3, kept: [1, 2]}]
    end

    test "of binaries, and of what the VM serialises", %{dir: dir} do
      term = ["12345678", "123456789", 2 ** 64, 2 ** 6400]
      assert {event, 1} = limited(dir, [binary_bytes: 16], term)
      assert [["12345678", "123456789", big, bigger]] = event.terms
      assert %Cut{kind: :opaque, size: size} = bigger
      assert big == 2 ** 64 and size == byte_size(:erlang.term_to_binary(2 ** 6400))
      assert {event, 1} = limited(dir, [binary_bytes: 8], "123456789")
      assert event.terms == [%Cut{kind: :binary, size: 9, kept: "12345678"}]
      <<_::3, bits::bitstring>> = "123456789"
      assert {event, 1} = limited(dir, [binary_bytes: 8], bits)
      assert event.terms == [%Cut{kind: :opaque, size: 9}]
    end

    test "of the payload: then the terms are left out", %{dir: dir} do
      long = String.duplicate("x", 300)
      limits = [payload_bytes: 1000]
      term = [long, long, long]
      assert {%{omitted?: false, terms: [^term]}, 0} = limited(dir, limits, term)
      assert {%{omitted?: true, terms: [], argc: 1}, 1} = limited(dir, limits, [long | term])
    end

    test "hold for what is endless to walk, or long to serialise", %{dir: dir} do
      wide = Enum.reduce(1..30, :leaf, fn _, term -> List.duplicate(term, 100) end)
      maps = Enum.reduce(1..30, :leaf, fn _, term -> Map.new(1..100, &{&1, term}) end)
      <<_::3, bits::bitstring>> = :binary.copy("seven", 2_000_000)
      bits = bits |> List.duplicate(100) |> List.duplicate(100)

      for term <- [wide, maps, bits], limits <- [@wide, []] do
        {time, {event, 1}} = :timer.tc(fn -> limited(dir, limits, term) end)
        assert event.omitted? and time < 2_000_000
      end
    end

    test "count each cut event once", %{dir: dir} do
      record(dir, [items: 2, payload_bytes: 64], fn ->
        :scope_probe.enter(1, [1, 2, 3], {1, 2, 3}, 4)
        :scope_probe.enter(1, [1, 2])
        :scope_probe.leave(1, String.duplicate("x", 100))
      end)

      status = ElixirScope.status()
      assert status.truncated == 2 and status.events >= 3
      assert Enum.max(for s <- Segments.segments(status.dir), do: s.truncated) == 2
    end
  end

  describe "probes" do
    test "give the same off and on, whatever the id", %{dir: dir} do
      ids = [0, 1, 13, 2 ** 59 - 1]
      none = [-1, 2 ** 59, 2 ** 64, 2 ** 70, 1.0, :id, nil]
      none = none ++ [{}, {1, 2}, {-1, 1, 1, 1, 64}, {1, 1, 1, 1, -1}, {1, 1, 1, 1, 2 ** 64}]
      refute Gate.on?()
      Probes.check!(Probes.calls(ids ++ none))
      off = Enum.sort(Probes.exported())

      events =
        record(dir, fn ->
          assert Gate.on?()
          assert Enum.sort(Probes.exported()) == off
          Probes.check!(Probes.calls(ids ++ none))
        end)

      refute Gate.on?()
      assert events |> own() |> Enum.map(& &1.node) |> Enum.uniq() |> Enum.sort() == ids
      assert Enum.sort(Native.probes()) == off
    end

    test "write what their names say", %{dir: dir} do
      values = [nil, false, true, :nil_, 0]
      ten = [1, :two, "three", [4], {5}, %{6 => 6}, 7.0, nil, self(), <<1::1>>]

      events =
        record(dir, fn ->
          for value <- values, do: :scope_probe.leave_falsy(1, value)
          for value <- values, do: :scope_probe.leave_truthy(2, value)
          :scope_probe.leave(3)
          :scope_probe.tail(4)
          :scope_probe.tail(5, :last)
          :scope_probe.branch(6)
          :scope_probe.caught(7, :error, :badarg, [{:m, :f, 1, []}])
          :scope_probe.bind(8, {:bound, values})
          :scope_probe.locals(9)
          apply(:scope_probe, :locals, [10 | ten])
        end)

      written = for event <- own(events), do: {event.kind, event.node, event.terms}

      assert written == [
               {:leave, 1, [nil]},
               {:leave, 1, [false]},
               {:leave, 2, [true]},
               {:leave, 2, [:nil_]},
               {:leave, 2, [0]},
               {:leave, 3, []},
               {:tail, 4, []},
               {:tail, 5, []},
               {:branch, 6, []},
               {:caught, 7, [:error, :badarg, [{:m, :f, 1, []}]]},
               {:bind, 8, [{:bound, values}]},
               {:locals, 9, []},
               {:locals, 10, ten}
             ]
    end
  end

  describe "the gate" do
    defp switch(dir, writers) do
      {:ok, run} = ElixirScope.start_recording(dir: dir, segment_bytes: 1024 * 1024)
      before = Writers.counts(writers)
      Process.sleep(:rand.uniform(8) - 1)
      later = Writers.counts(writers)
      :ok = ElixirScope.stop_recording()
      refute Gate.on?()
      assert %{lost_events: 0, failure: nil, events: events} = ElixirScope.status()
      assert length(Segments.events(run)) == events
      assert Writers.recorded?(run, before, later)
      File.rm_rf!(run)
    end

    # ELIXIRSCOPE_TEST_SWITCHES=10000 takes minutes.
    @switches String.to_integer(System.get_env("ELIXIRSCOPE_TEST_SWITCHES", "200"))
    @tag timeout: :infinity
    test "switches #{@switches} times under running processes", %{dir: dir} do
      writers = Writers.start()
      for _ <- 1..@switches, do: switch(dir, writers)
      assert Enum.all?(writers.pids, &Process.alive?/1)
      last = Writers.counts(writers)

      eventually(fn ->
        Enum.zip(Writers.counts(writers), last) |> Enum.all?(fn {a, b} -> a > b end)
      end)

      Writers.stop(writers)
    end

    test "leaves nothing mapped but the last segments of each thread", %{dir: dir} do
      for _ <- 1..30 do
        {:ok, run} = ElixirScope.start_recording([dir: dir] ++ @small)
        for n <- 1..5000, do: :scope_probe.bind(1, n)
        :ok = ElixirScope.stop_recording()
        File.rm_rf!(run)
      end

      assert length(mapped(dir)) <= 2 * :erlang.system_info(:schedulers)
    end

    test "two recordings have exactly their own events", %{dir: dir} do
      for n <- 1..5, do: :scope_probe.bind(1, {:before, n})
      {:ok, first} = ElixirScope.start_recording(dir: dir)
      for n <- 1..5, do: :scope_probe.bind(1, {:first, n})
      :ok = ElixirScope.stop_recording()
      for n <- 1..5, do: :scope_probe.bind(1, {:between, n})
      {:ok, second} = ElixirScope.start_recording(dir: dir)
      for n <- 1..5, do: :scope_probe.bind(1, {:second, n})
      :ok = ElixirScope.stop_recording()
      for n <- 1..5, do: :scope_probe.bind(1, {:after, n})

      for {run, name} <- [{first, :first}, {second, :second}] do
        assert Enum.map(Segments.events(run), & &1.terms) == for(n <- 1..5, do: [{name, n}])
        id = run |> Segments.segments() |> Enum.map(& &1.run) |> Enum.uniq()
        assert [<<id::binary-16>>] = id
        assert run_json(run) =~ Base.encode16(id, case: :lower)
      end
    end
  end

  describe "processes" do
    test "10 000 short ones", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir)
      spawned = for n <- 1..10_000, do: spawn(fn -> :scope_probe.enter(1, n) end)
      # Every event, and the end of every process.
      eventually(fn -> ElixirScope.status().events == 20_000 end)
      :ok = ElixirScope.stop_recording()

      {exits, enters} = Enum.split_with(Segments.events(run), &(&1.kind == :exit))
      assert Enum.sort(for %{terms: [n]} <- enters, do: n) == Enum.to_list(1..10_000)
      assert Enum.sort(for event <- enters, do: event.pid) == Enum.sort(spawned)
      assert Enum.sort(for event <- exits, do: event.pid) == Enum.sort(spawned)
      # Most were gone before they could be watched: their reason is not known.
      assert Enum.all?(exits, &(&1.terms in [[], [:normal]]))
      assert %{lost_events: 0, truncated: 0, panics: 0} = ElixirScope.status()
    end

    test "are named, and their ends have reasons", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir)
      parent = self()

      [early, late] =
        for name <- [:scope_early, :"scope späte 日本"] do
          pid = spawn(fn -> waiting(parent, name) end)
          assert_receive {^pid, :written}
          pid
        end

      task = Task.async(fn -> :scope_probe.bind(2, self()) && receive(do: (:end -> :ok)) end)
      eventually(fn -> map_size(Segments.process_names(run)) >= 3 end)
      for pid <- [early, late], do: send(pid, {:exit, {:shutdown, pid}})
      send(task.pid, :end)
      Task.await(task)
      eventually(fn -> ElixirScope.status().events == 6 end)
      :ok = ElixirScope.stop_recording()

      names = Segments.process_names(run)
      assert %{^early => ":scope_early", ^late => ":\"scope späte 日本\""} = names
      assert names[task.pid] =~ "test processes"
      ends = for %{kind: :exit} = event <- Segments.events(run), do: {event.pid, event.terms}
      wanted = [{task.pid, [:normal]} | for(pid <- [early, late], do: {pid, [{:shutdown, pid}]})]
      assert Enum.sort(ends) == Enum.sort(wanted)
    end

    # The second name is given when the process is known already.
    defp waiting(parent, name) do
      if name == :scope_early, do: Process.register(self(), name)
      :scope_probe.enter(1, name)
      send(parent, {self(), :written})
      if name != :scope_early, do: Process.sleep(20) && Process.register(self(), name)
      receive do: ({:exit, reason} -> exit(reason))
    end
  end

  describe "when the VM dies" do
    for {name, enough} <- [{"KILL", 150}, {"KILL", 3000}, {"ABRT", 900}] do
      test "by SIG#{name} after #{enough} events", %{dir: dir} do
        vm = VM.start("acknowledge", [], dir)
        run = VM.value(vm, "run")
        lines = VM.until(vm, &(&1 == "ack 1 #{unquote(enough)}"))
        VM.signal(vm, unquote(name))
        {more, status} = VM.rest(vm)
        assert status > 128
        assert %{1 => n} = Writers.check_acknowledged!(run, lines ++ more)
        assert n >= unquote(enough)
      end
    end

    test "by an abort of its own", %{dir: dir} do
      vm = VM.start("acknowledge", ["700"], dir)
      run = VM.value(vm, "run")
      {lines, status} = VM.rest(vm)
      assert status > 128
      # Most acknowledgements die with the VM, the events do not.
      assert Writers.check_acknowledged!(run, lines) |> Map.values() |> Enum.max() >= 700
    end
  end

  describe "a library that panics" do
    @tag skip: not Machine.cargo?() && "needs cargo and the workspace"
    @tag timeout: 600_000
    test "ends the recording, not the program", %{dir: dir} do
      vm = VM.start("panic", [], dir, Machine.panicking_package(dir))

      for node <- [13, 11], {name, _arity} <- Native.probes(), first? <- [true, false] do
        {^name, arguments, {run, values, status, json}} = VM.term(vm, "result")
        assert hd(arguments) == node
        assert values == List.duplicate(Probes.value(name, arguments), 3)
        assert %{recording: false, panics: 1} = status
        assert json =~ "a probe failed"
        # What was published before is there, and nothing of what was not.
        assert Enum.map(Segments.events(run), & &1.terms) == if(first?, do: [], else: [[:first]])
      end

      for _kind <- 32..43 do
        {_run, told, status, json} = VM.term(vm, "told")
        assert told == {:hello, nil}
        assert %{recording: false, panics: 1} = status
        assert json =~ "a probe failed"
      end

      {run, status, json} = VM.term(vm, "helper")

      assert %{recording: false, panics: 1, failure: "the recording's helper thread" <> _} =
               status

      assert json =~ "helper thread panicked"
      assert [%{kind: :branch}] = Segments.events(run)
      assert Enum.any?(Segments.segments(run), &(&1.ring == 0 and &1.panics == 1))

      assert {%{recording: false, panics: 1, failure: "a probe failed" <> _}, json} =
               VM.term(vm, "swept")

      assert json =~ "a probe failed"
      {run, %{panics: 0, failure: nil}} = VM.term(vm, "after")
      assert [%{kind: :bind, terms: [:well]}] = Segments.events(run)
      assert {_, 0} = VM.rest(vm)
    end
  end

  test "a library whose module is replaced breaks nothing", %{dir: dir} do
    vm = VM.start("replace", [], dir)

    for _ <- 1..2 do
      assert VM.term(vm, "probes") == [:ok, nil, 3]
      assert VM.term(vm, "stopped") == :ok
    end

    assert [%{terms: [:again]}] = Segments.events(VM.term(vm, "run"))
    assert {_, 0} = VM.rest(vm)
  end

  describe "errors" do
    test "a place that cannot be written", %{dir: dir} do
      file = Path.join(dir, "file")
      File.write!(file, "")

      for place <- [Path.join(file, "sub"), "/dev/null/x"] do
        assert {:error, message} = ElixirScope.start_recording(dir: place)
        assert message =~ place
        refute Gate.on?() or ElixirScope.status().recording
      end
    end

    test "options", %{dir: dir} do
      assert_raise ArgumentError, ~r/unknown options \[:colour\]/, fn ->
        ElixirScope.start_recording(dir: dir, colour: :red)
      end

      for wrong <- [0, -1, 1.5, nil, "1"] do
        assert_raise ArgumentError, ~r/:items must be a positive integer/, fn ->
          ElixirScope.start_recording(dir: dir, items: wrong)
        end
      end

      refute Gate.on?()
    end

    test "starting twice, stopping twice", %{dir: dir} do
      assert {:error, "no recording is running"} = ElixirScope.stop_recording()
      {:ok, run} = ElixirScope.start_recording(dir: dir)
      assert {:error, message} = ElixirScope.start_recording(dir: dir)
      assert message =~ "running already" and message =~ run
      assert Gate.on?() and ElixirScope.status().recording
      :ok = ElixirScope.stop_recording()
      assert {:error, "no recording is running"} = ElixirScope.stop_recording()
    end

    test "a recording that could not begin leaves nothing", %{dir: dir} do
      missing = Path.join(dir, "missing.esmap")
      runs = Path.join(dir, "runs")

      for {options, reason} <- [{[maps: [missing]], missing}, {[max_bytes: 1], "max_bytes"}] do
        assert {:error, message} = ElixirScope.start_recording([dir: runs] ++ options)
        assert message =~ reason
        refute Gate.on?() or ElixirScope.status().recording
        assert File.ls!(runs) == []
      end
    end
  end

  describe "no more room" do
    test "max_bytes ends the recording, not the program", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording([dir: dir, max_bytes: 2_000_000] ++ @small)

      warning =
        capture_io(:stderr, fn ->
          written = Writers.fill()
          status = ElixirScope.status()
          assert status.events + status.lost_events == written or not status.recording
          eventually(fn -> not ElixirScope.status().recording end, 200)
          eventually(fn -> run_json(run) =~ "limit of 2000000 bytes" end, 50)
        end)

      assert warning =~ "the recording ends, the program runs on"
      assert warning =~ "limit of 2000000 bytes (max_bytes)" and warning =~ "events lost"
      assert %{failure: "the recording reached its limit" <> _} = ElixirScope.status()
      refute Gate.on?()
      # What was not lost is there.
      status = ElixirScope.status()
      events = for %{kind: :enter} = event <- Segments.events(run), do: hd(event.terms)
      assert length(events) == status.events
      assert Enum.take(events, 1000) == Enum.to_list(1..1000)
      assert files_bytes(run) < 2_200_000
      assert [_] = own(record(dir, fn -> :scope_probe.bind(1, :again) end))
    end

    test "a recording stopped before its end is noticed has the failure", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording([dir: dir, max_bytes: 2_000_000] ++ @small)

      warning =
        capture_io(:stderr, fn ->
          Writers.fill()
          ElixirScope.stop_recording()
        end)

      assert warning =~ "the recording ends"
      assert run_json(run) =~ "limit of 2000000 bytes"
      assert ElixirScope.status().failure =~ "max_bytes"
    end

    test "a small max_bytes is kept, and of use", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, max_bytes: 10_000_000)

      for n <- 1..30_000 do
        if rem(n, 1000) == 0, do: Process.sleep(2)
        :scope_probe.enter(1, n, "twenty bytes of text")
      end

      :ok = ElixirScope.stop_recording()
      assert %{events: 30_000, lost_events: 0, failure: nil} = ElixirScope.status()
      assert files_bytes(run) <= 10_100_000
    end

    @tag skip: not Machine.disk?() && "needs to mount a disk"
    test "a full disk ends the recording, not the program", %{dir: dir} do
      disk = Path.join(dir, "disk")
      on_exit(fn -> Machine.unmount(disk) end)
      assert Machine.mount(disk)
      check_full_disk(dir, disk)
    end

    defp check_full_disk(dir, disk) do
      vm = VM.start("full_disk", [disk], dir)
      assert {:error, message} = VM.term(vm, "refused")
      assert message =~ disk and message =~ "No space left on device"
      # What could not start does not keep the space.
      assert VM.term(vm, "used") < 64

      {run, written, status} = VM.term(vm, "recorded")
      assert status.events + status.lost_events == written
      assert status.failure =~ "No space left on device"
      assert run_json(run) =~ "No space left on device"
      assert length(Segments.events(run)) == status.events
      assert {_, 0} = VM.rest(vm)
    end
  end
end
