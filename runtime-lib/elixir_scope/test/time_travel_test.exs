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
end
