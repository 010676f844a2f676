for file <- ~w(segments capture_case terms vm),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.TimeTravelTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  defmodule Machine do
    @behaviour :gen_statem
    def callback_mode, do: :handle_event_function
    def init(data), do: {:ok, :off, data}

    def handle_event({:call, from}, :flip, :off, n),
      do: {:next_state, :on, n + 1, [{:reply, from, n}]}

    def handle_event({:call, from}, :flip, :on, n),
      do: {:next_state, :off, n + 1, [{:reply, from, n}]}

    def handle_event(:info, message, _, _), do: exit({:unexpected, message})
  end

  # What a version is told by, in the order of the recording.
  defp listing(run, process, more) do
    {:ok, command} = ElixirScope.Overlay.Command.find()
    arguments = ["trace", "state", run, "--pid", inspect(process)] ++ more
    {text, 0} = System.cmd(command, arguments)
    text
  end

  defp latest(process, run), do: ElixirScope.state_at(process, 2 ** 62, run: run)

  defp now(process, run) do
    {:ok, version} = latest(process, run)
    version
  end

  test "an agent's states are versions, and what did not change is not written", %{dir: dir} do
    {:ok, agent} = Agent.start(fn -> Map.new(1..5000, &{&1, "value #{&1}"}) end)
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    assert ElixirScope.enable_time_travel(agent) == :ok
    Agent.update(agent, & &1)
    # The reply goes out before the version is told.
    Agent.get(agent, & &1)
    before = ElixirScope.status().bytes

    for n <- 1..100, do: Agent.update(agent, &Map.put(&1, n, n))
    assert ElixirScope.status().bytes - before < 100 * 120
    Agent.get(agent, & &1)
    :ok = ElixirScope.stop_recording()

    assert %{source: :difference, state: state} = now(agent, run)
    assert state == Agent.get(agent, & &1)
    text = listing(run, agent, ["--diff"])
    assert text =~ ~s(~ [100]  "value 100" → 100)
    assert Enum.reject(String.split(text, "\n"), &(String.length(&1) <= 80)) == []
  end

  test "a state machine is looked at, and its program sees nothing of it", %{dir: dir} do
    {:ok, machine} = :gen_statem.start(Machine, 1, [])
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    :ok = ElixirScope.enable_time_travel(machine)

    for n <- 1..3 do
      assert :gen_statem.call(machine, :flip) == n
      eventually(fn -> match?({:ok, %{state: {_, m}}} when m == n + 1, latest(machine, run)) end)
    end

    assert :sys.get_state(machine) == {:on, 4}
    :ok = ElixirScope.stop_recording()
    assert %{state: {:on, 4}, source: :snapshot} = now(machine, run)
  end

  test "snapshots, of OTP processes and others", %{dir: dir} do
    {:ok, agent} = Agent.start(fn -> %{password: "hunter2", user: self()} end)
    plain = spawn(fn -> Process.sleep(:infinity) end)
    assert {:error, "nothing is recorded" <> _} = ElixirScope.snapshot(agent)
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    assert {:ok, %{of: :state}} = ElixirScope.snapshot(agent)
    assert {:ok, %{of: :process_info}} = ElixirScope.snapshot(plain)
    assert {:error, reason} = ElixirScope.enable_time_travel(plain)
    assert reason =~ "is no OTP process"
    :ok = ElixirScope.stop_recording()

    assert now(agent, run).state == %{password: {:elixir_scope, :redacted}, user: agent}
    assert %{status: :waiting} = now(plain, run).state
    assert {:error, "no version" <> _} = ElixirScope.state_at(agent, 0, run: run)
    Process.exit(plain, :kill)
  end

  test "recordings begin and end, and so does the observation", %{dir: dir} do
    {:ok, agent} = Agent.start(fn -> 0 end)
    :ok = ElixirScope.enable_time_travel(agent)
    :ok = ElixirScope.enable_time_travel(agent)
    Agent.update(agent, fn _ -> :unseen end)

    runs =
      for n <- 1..3 do
        {:ok, run} = ElixirScope.start_recording(dir: dir)
        # Known before anything happens.
        eventually(fn -> match?({:ok, _}, latest(agent, run)) end)
        Agent.update(agent, fn _ -> {:first, n} end)
        Agent.update(agent, fn _ -> {:second, n} end)
        Agent.get(agent, & &1)
        :ok = ElixirScope.stop_recording()
        run
      end

    for {run, n} <- Enum.zip(runs, 1..3), do: assert(now(agent, run).state == {:second, n})
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    eventually(fn -> match?({:ok, _}, latest(agent, run)) end)
    assert ElixirScope.disable_time_travel(agent) == :ok
    assert {:error, reason} = ElixirScope.disable_time_travel(agent)
    assert reason =~ "is not observed"
    Agent.update(agent, fn _ -> :unseen end)
    :ok = ElixirScope.stop_recording()
    assert now(agent, run).state == {:second, 3}
    assert {:status, _, _, [_, _, _, [], _]} = :sys.get_status(agent)
  end

  test "a name stands for the process that had it", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir)

    agents =
      for n <- 1..2 do
        {:ok, agent} = Agent.start(fn -> n end, name: :restarted)
        :ok = ElixirScope.enable_time_travel(agent)
        Agent.update(agent, &(&1 * 10))
        Agent.get(agent, & &1)
        eventually(fn -> match?({:ok, %{state: m}} when m == n * 10, latest(agent, run)) end)
        :ok = Agent.stop(agent)
        agent
      end

    :ok = ElixirScope.stop_recording()

    for {agent, n} <- Enum.zip(agents, 1..2) do
      moment = now(agent, run).at_ns
      assert {:ok, %{state: state}} = ElixirScope.state_at(:restarted, moment, run: run)
      assert state == n * 10
    end
  end

  defmodule Counter do
    use GenServer
    def init(n), do: {:ok, n}
    def handle_cast({:put, value}, _), do: {:noreply, value}
    def handle_call(:sync, _, state), do: {:reply, :ok, state}
    def handle_info(:crash, _), do: exit(:shutdown)
    def code_change(_, n, _), do: {:ok, %{upgraded: n}}
  end

  test "code changes, states that are put in place, and crashes", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    {:ok, server} = GenServer.start(Counter, 1)
    :ok = ElixirScope.enable_time_travel(server)
    :ok = :sys.suspend(server)
    :ok = :sys.change_code(server, Counter, nil, nil)
    :ok = :sys.resume(server)
    GenServer.call(server, :sync)
    GenServer.call(server, :sync)
    assert now(server, run).state == %{upgraded: 1}

    :sys.replace_state(server, fn _ -> :put_in_place end)
    GenServer.call(server, :sync)
    GenServer.call(server, :sync)
    assert now(server, run).state == :put_in_place

    send(server, :crash)
    eventually(fn -> not Process.alive?(server) end)

    :ok = ElixirScope.stop_recording()
    assert now(server, run).state == :put_in_place
    assert listing(run, server, []) =~ ", ended at "
  end

  test "what is too large or secret is not written", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir, redact: [:password])
    {:ok, server} = GenServer.start(Counter, List.duplicate("a", 2000))
    :ok = ElixirScope.enable_time_travel(server, max_bytes: 1000)
    GenServer.call(server, :sync)
    GenServer.call(server, :sync)
    assert {:error, reason} = latest(server, run)
    assert reason =~ "larger than"

    {:ok, other} = GenServer.start(Counter, %{})
    :ok = ElixirScope.enable_time_travel(other)

    for n <- 1..40 do
      secret = "#{:erlang.phash2(n)} canary #{:erlang.phash2(-n)}"
      nested = {:ok, [%{n => {:password, secret}}, [password: secret <> "!"]]}
      pairs = [{:password, secret}, {"password", secret}]
      state = %{n => nested, password: secret, pairs: pairs, plain: "plain #{n}"}
      GenServer.cast(other, {:put, state})
    end

    GenServer.call(other, :sync)
    GenServer.call(other, :sync)
    {:ok, _} = ElixirScope.snapshot(other)
    :ok = ElixirScope.stop_recording()
    assert %{plain: "plain 40", password: {:elixir_scope, :redacted}} = now(other, run).state

    for file <- Path.wildcard(Path.join(run, "*")),
        do: refute(File.read!(file) =~ "canary", file)
  end

  test "a flight recorder always has the state of a process that does nothing", %{dir: dir} do
    # As much as is written between two looks of a second each.
    options = [keep: :newest, max_bytes: 24_000_000, dir: dir, budget: false]
    {:ok, run} = ElixirScope.start_recording(options)
    {:ok, idle} = Agent.start(fn -> Map.new(1..100, &{&1, &1}) end)
    :ok = ElixirScope.enable_time_travel(idle)

    # Several times what stays, over some sweeps; also of the threads that write states.
    {:ok, noise} = Agent.start(fn -> :rand.bytes(400_000) end)

    for _ <- 1..10 do
      for n <- 1..1_000, do: :scope_probe.bind(1, {n, String.duplicate("x", 400)})
      for _ <- 1..10, do: {:ok, _} = ElixirScope.snapshot(noise)
      Process.sleep(400)
    end

    :ok = ElixirScope.stop_recording()
    assert ElixirScope.status().recycled_bytes > 0
    assert now(idle, run).state == Map.new(1..100, &{&1, &1})
  end
end
