for file <- ~w(segments terms vm probes writers machine capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.TracerTest do
  # There is one recording in a VM, and one tracer before OTP 27.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.{Native, Recorder, Tracer}
  alias ElixirScope.Test.{CompactTerm, Segments}

  @sessions Code.ensure_loaded?(:trace)

  # The events of a recording of what `fun` does, and its value.
  defp traced(dir, options, fun) do
    {:ok, run} = ElixirScope.start_recording([dir: dir] ++ options)
    value = fun.()
    :ok = ElixirScope.stop_recording()
    assert %{lost_events: 0, panics: 0, failure: nil} = ElixirScope.status()
    assert flags_left() == []
    {Segments.events(run), value}
  end

  # A session that is left; processes that are traced, and a pattern that is not as the
  # VM begins with.
  if @sessions do
    defp flags_left do
      for {:elixir_scope, _} = session <- apply(:trace, :session_info, [:all]), do: session
    end

    defp traced?(pid), do: Keyword.has_key?(apply(:trace, :session_info, [pid]), :elixir_scope)
  else
    defp flags_left do
      pattern = :erlang.trace_info(:receive, :match_spec)

      for(pid <- [:new_processes | Process.list()], traced?(pid), do: pid) ++
        if(pattern == {:match_spec, true}, do: [], else: [pattern])
    end

    defp traced?(pid), do: :erlang.trace_info(pid, :flags) not in [{:flags, []}, :undefined]
  end

  defp of(events, pid, kinds) do
    for %{pid: ^pid} = event <- events, event.kind in kinds, do: {event.kind, event.terms}
  end

  # A ring of `size` processes through which a token goes `rounds` times.
  defp ring(size, rounds) do
    parent = self()
    pids = for n <- 1..size, do: spawn(fn -> link_of_ring(n, parent) end)
    for {pid, next} <- Enum.zip(pids, tl(pids) ++ [hd(pids)]), do: send(pid, {:next, next})
    send(hd(pids), {:token, rounds * size, "payload"})
    receive do: (:done -> :ok)
    for pid <- pids, do: send(pid, :stop)
    pids
  end

  defp link_of_ring(n, parent), do: receive(do: ({:next, next} -> pass(n, next, parent)))

  defp pass(n, next, parent) do
    receive do
      {:token, 1, _} -> send(parent, :done)
      {:token, left, payload} -> send(next, {:token, left - 1, payload})
      :stop -> exit(:normal)
    end

    pass(n, next, parent)
  end

  test "every message of a ring is there with its sender, in order", %{dir: dir} do
    {events, pids} = traced(dir, [trace: [:messages]], fn -> ring(10, 200) end)
    tokens = for event <- events, match?([_, {:token, _, _}], event.terms), do: event
    sends = for %{kind: :send} = event <- tokens, do: {event.pid, event.terms}
    receives = for %{kind: :receive} = event <- tokens, do: {event.pid, event.terms}
    assert length(sends) == 2000 and length(receives) == 2000
    # From whom to whom, in the order in which each message was sent and received.
    sent = for {from, [to, token]} <- sends, do: {from, to, token}
    assert sent == for({to, [from, token]} <- receives, do: {from, to, token})
    assert sent == expected(pids, 2000)
    # Nothing is received before it is sent.
    assert Enum.chunk_every(tokens, 2)
           |> Enum.all?(&match?([%{kind: :send}, %{kind: :receive}], &1))
  end

  defp expected(pids, count) do
    hops = Stream.cycle(Enum.zip(pids, tl(pids) ++ [hd(pids)]))
    first = {self(), hd(pids), {:token, count, "payload"}}

    rest =
      for {{from, to}, left} <- Enum.zip(hops, (count - 1)..1//-1),
          do: {from, to, {:token, left, "payload"}}

    [first | rest]
  end

  test "what becomes of processes", %{dir: dir} do
    {events, {parent, child}} =
      traced(dir, [trace: [:processes]], fn ->
        test = self()

        parent =
          spawn(fn ->
            child = spawn_link(Process, :sleep, [:infinity])
            Process.unlink(child)
            Process.register(child, :scope_child)
            Process.unregister(:scope_child)
            Process.exit(child, {:told, child})
            send(test, {self(), child})
          end)

        child = receive do: ({^parent, child} -> child)
        eventually(fn -> not (Process.alive?(parent) or Process.alive?(child)) end)
        {parent, child}
      end)

    mfa = {Process, :sleep, [:infinity]}
    assert [spawn: [^child, ^mfa]] = of(events, parent, [:spawn])
    assert [spawned: [^parent, ^mfa]] = of(events, child, [:spawned])
    assert {:link, [child]} in of(events, parent, [:link, :unlink])
    assert {:unlink, [child]} in of(events, parent, [:link, :unlink])

    assert [register: [:scope_child], unregister: [:scope_child]] =
             of(events, child, [:register, :unregister])

    assert hd(of(events, child, [:exit])) == {:exit, [{:told, child}]}
    assert hd(of(events, parent, [:exit])) == {:exit, [:normal]}
    assert of(events, parent, [:send, :receive, :in, :gc_start]) == []
  end

  test "collections and scheduling, where asked", %{dir: dir} do
    {events, pid} =
      traced(dir, [trace: [:garbage_collection, :scheduling], trace_processes: :new], fn ->
        test = self()

        pid =
          spawn(fn ->
            :erlang.garbage_collect() && Process.sleep(1) && send(test, {:over, self()})
          end)

        receive do: ({:over, ^pid} -> pid)
      end)

    kinds = for {kind, _} <- of(events, pid, [:in, :out, :gc_start, :gc_end]), do: kind
    assert [:in | _] = kinds
    assert :gc_start in kinds and :gc_end in kinds and :out in kinds
  end

  test "in the probes' order, by the same clock", %{dir: dir} do
    {events, pid} =
      traced(dir, [trace: [:messages], trace_processes: :new], fn ->
        test = self()

        pid =
          spawn(fn ->
            for n <- 1..100 do
              :scope_probe.bind(1, {:before, n})
              send(test, {:between, n})
              :scope_probe.bind(1, {:after, n})
            end

            send(test, :over)
          end)

        receive do: (:over -> pid)
      end)

    wanted =
      for n <- 1..100,
          event <- [
            {:bind, [{:before, n}]},
            {:send, [self(), {:between, n}]},
            {:bind, [{:after, n}]}
          ],
          do: event

    assert of(events, pid, [:bind, :send]) == wanted ++ [send: [self(), :over]]
  end

  test "a message that does not fit leaves who", %{dir: dir} do
    {events, _} =
      traced(dir, [trace: [:messages], trace_processes: [self()], payload_bytes: 64], fn ->
        send(self(), List.duplicate("twenty bytes of text", 50))
        receive do: (_ -> :ok)
      end)

    assert [%{kind: :send, terms: [me]}, %{kind: :receive, terms: [me]}] =
             for(%{omitted?: true, terms: [pid]} = event <- events, pid == self(), do: event)

    assert me == self()
  end

  test "a message to nobody says so", %{dir: dir} do
    {gone, monitor} = spawn_monitor(fn -> :ok end)
    assert_receive {:DOWN, ^monitor, :process, ^gone, :normal}

    {events, _} =
      traced(dir, [trace: [:messages], trace_processes: [self()]], fn ->
        for to <- [gone, self()], do: send(to, :anybody)
      end)

    sends = for %{kind: :send, terms: [to, :anybody]} = event <- events, do: {to, event.node}
    assert sends == [{gone, 1}, {self(), 0}]
  end

  describe "of whom" do
    test "a list stands for these and what they spawn", %{dir: dir} do
      Process.register(self(), :scope_listed)

      {events, {child, other}} =
        traced(dir, [trace: [:messages], trace_processes: [:scope_listed]], fn ->
          test = self()
          child = spawn(fn -> send(test, :child) end)
          {:ok, other} = Agent.start_link(fn -> 1 end)
          receive do: (:child -> {child, other})
        end)

      assert [send: [to, :child]] = of(events, child, [:send])
      assert to == self()
      assert of(events, self(), [:receive]) != [] and of(events, other, [:receive]) == []
      assert Enum.all?(events, &(&1.kind == :register or &1.pid != Process.whereis(:logger)))
    end

    # Without the check of `nif/src/tracer.rs`, an event would begin within another.
    test "the recorder is told of processes behind the VM's back", %{dir: dir} do
      {events, pids} =
        traced(dir, [trace: [:messages]], fn ->
          pids = for n <- 1..200, do: spawn(fn -> :scope_probe.enter(1, n) end)
          eventually(fn -> not Enum.any?(pids, &Process.alive?/1) end)
          pids
        end)

      recorder = Process.whereis(Recorder)
      refute Enum.any?(events, &match?(%{kind: :send, terms: [^recorder | _]}, &1))
      entered = for %{kind: :enter} = event <- events, do: {event.pid, event.terms}
      assert Enum.sort(entered) == Enum.sort(Enum.zip(pids, Enum.map(1..200, &[&1])))
    end

    test "the recorder is never among them", %{dir: dir} do
      {events, _} =
        traced(dir, [trace: Tracer.flags()], fn ->
          recorder = Process.whereis(Recorder)
          refute traced?(recorder)
          for n <- 1..50, do: spawn(fn -> :scope_probe.enter(1, n) end)
          _ = Recorder.last()
        end)

      recorder = Process.whereis(Recorder)
      assert of(events, recorder, [:receive, :in, :out, :gc_start, :send]) == []
      refute Enum.any?(events, &match?(%{kind: :send, terms: [^recorder | _]}, &1))
    end
  end

  test "processes come and go while it records", %{dir: dir} do
    pid = spawn(fn -> echo() end)
    other = spawn(fn -> echo() end)

    {events, _} =
      traced(dir, [trace: [:messages], trace_processes: [other]], fn ->
        ask = fn n -> send(pid, {n, self()}) && assert_receive(^n) end
        ask.(1)
        assert ElixirScope.trace_processes(:add, [pid]) == :ok
        ask.(2)
        assert ElixirScope.trace_processes(:remove, [pid]) == :ok
        ask.(3)
        assert traced?(other) and not traced?(pid)
        assert {:error, message} = ElixirScope.trace_processes(:add, [:nobody])
        assert message =~ ":nobody"
        # An error leaves alone what was told before.
        send(other, {4, self()}) && assert_receive(4)
      end)

    assert [receive: [_, {2, _}], send: [_, 2]] = of(events, pid, [:receive, :send])
    assert [receive: [_, {4, _}], send: [_, 4]] = of(events, other, [:receive, :send])
    for pid <- [pid, other], do: Process.exit(pid, :kill)
    {:ok, _} = ElixirScope.start_recording(dir: dir)
    assert {:error, message} = ElixirScope.trace_processes(:add, [self()])
    assert message =~ ":trace"
  end

  defp echo do
    receive do: ({n, from} -> send(from, n))
    echo()
  end

  test "messages without their contents", %{dir: dir} do
    secret = String.duplicate("secret", 20)

    sent = [
      secret,
      {:tag, secret},
      {secret, 1, 2},
      [secret],
      %{a: secret},
      :atom,
      {},
      [],
      17,
      1.5
    ]

    {events, _} =
      traced(dir, [trace: [:messages], trace_processes: [self()], message_contents: false], fn ->
        for message <- sent, do: send(self(), message)
      end)

    run = ElixirScope.status().dir
    for file <- File.ls!(run), do: refute(File.read!(Path.join(run, file)) =~ "secretsecret")
    me = self()
    said = for {:send, [^me, message]} <- of(events, me, [:send]), do: message
    assert said == for({:receive, [^me, message]} <- of(events, me, [:receive]), do: message)

    cut = fn kind, size, kept -> %CompactTerm.Cut{kind: kind, size: size, kept: kept} end

    assert said == [
             cut.(:binary, 120, ""),
             cut.(:tuple, 2, [:tag]),
             cut.(:opaque_tuple, 3, nil),
             cut.(:opaque_list, 0, nil),
             cut.(:opaque_map, 1, nil),
             :atom,
             cut.(:opaque_tuple, 0, nil),
             [],
             cut.(:opaque, 0, nil),
             cut.(:opaque, 0, nil)
           ]
  end

  describe "others" do
    @tag skip: @sessions && "sessions are OTP 27's"
    test "who trace already are left alone", %{dir: dir} do
      pid = spawn(fn -> Process.sleep(:infinity) end)
      :erlang.trace(pid, true, [:send])
      assert {:error, message} = ElixirScope.start_recording(dir: dir, trace: [:messages])
      assert message =~ inspect(pid) and message =~ inspect(self())
      refute ElixirScope.status().recording
      assert :erlang.trace_info(pid, :flags) == {:flags, [:send]}
      Process.exit(pid, :kill)
    end

    @tag skip: not @sessions && "sessions are OTP 27's"
    test "trace at the same time", %{dir: dir} do
      {events, _} =
        traced_by_both(dir, fn pid ->
          send(pid, :go)
          assert_receive {:trace, ^pid, :receive, :go}
        end)

      assert Enum.any?(events, &match?(%{kind: :receive, terms: [_, :go]}, &1))
    end

    defp traced_by_both(dir, fun) do
      pid = spawn(fn -> receive do: (:go -> Process.sleep(:infinity)) end)
      other = apply(:trace, :session_create, [:other, self(), []])
      apply(:trace, :process, [other, pid, true, [:receive]])
      {:ok, run} = ElixirScope.start_recording(dir: dir, trace: [:messages])
      fun.(pid)
      :ok = ElixirScope.stop_recording()
      assert {:flags, [:receive]} = apply(:trace, :info, [other, pid, :flags])
      apply(:trace, :session_destroy, [other])
      {Segments.events(run), pid}
    end
  end

  test "what cannot be traced, or asked for", %{dir: dir} do
    assert {:error, message} =
             ElixirScope.start_recording(dir: dir, trace: [:messages], trace_processes: [:nobody])

    assert message =~ ":nobody" and File.ls!(dir) == []
    refute ElixirScope.status().recording

    for options <- [
          [trace: [:message]],
          [trace: :all],
          [message_contents: 1],
          [trace_processes: []],
          [trace_processes: 1]
        ] do
      assert_raise ArgumentError, fn -> ElixirScope.start_recording([dir: dir] ++ options) end
    end
  end

  test "a recorder that crashes takes the tracing with it", %{dir: dir} do
    {:ok, _} = ElixirScope.start_recording(dir: dir, trace: [:messages, :processes])
    # What the supervisor would say is no news.
    %{level: level} = :logger.get_primary_config()
    :logger.set_primary_config(:level, :none)
    on_exit(fn -> :logger.set_primary_config(:level, level) end)
    Process.exit(Process.whereis(Recorder), :kill)
    eventually(fn -> is_pid(Process.whereis(Recorder)) and flags_left() == [] end)
    refute ElixirScope.status().recording
    {events, _} = traced(dir, [trace: [:messages]], fn -> ring(3, 3) end)
    assert Enum.any?(events, &(&1.kind == :receive))
  end

  test "a tracer without a recording answers that it is to be removed" do
    :ok = Native.load()
    assert Native.enabled(:trace_status, 1, self()) == :remove
    assert Native.enabled(:send, 1, self()) == :discard
    assert Native.trace(:send, 1, self(), :message, %{extra: self()}) == :ok
  end

  test "on and off under load loses nothing in between", %{dir: dir} do
    load = for _ <- 1..4, do: spawn(fn -> chatter(self()) end)

    for _ <- 1..30 do
      {events, _} = traced(dir, [trace: [:messages]], fn -> ring(3, 20) end)
      tokens = for %{kind: :receive, terms: [_, {:token, _, _}]} = event <- events, do: event
      assert length(tokens) == 60
    end

    for pid <- load, do: Process.exit(pid, :kill)
  end

  defp chatter(pid) do
    send(pid, :again)
    # A VM full of messages would be read for minutes.
    Process.sleep(1)
    receive do: (:again -> chatter(pid))
  end
end
