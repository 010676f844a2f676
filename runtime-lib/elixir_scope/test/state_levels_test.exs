for file <- ~w(segments capture_case), do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.StateLevelsTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Health.Watch
  alias ElixirScope.{Native, TimeTravel}

  defmodule Machine do
    @behaviour :gen_statem
    def callback_mode, do: :handle_event_function
    def init(data), do: {:ok, :on, data}
    def handle_event(:cast, {:put, data}, _, _), do: {:keep_state, data}
    def handle_event(_, _, _, _), do: :keep_state_and_data
  end

  # Begins a recording in which the agent has told that it is `:first`.
  defp observed(dir, options \\ []) do
    {:ok, agent} = Agent.start(fn -> :first end)
    {:ok, run} = ElixirScope.start_recording([dir: dir] ++ options)
    :ok = ElixirScope.enable_time_travel(agent)
    settle(agent)
    assert known(agent, run) == :first
    {agent, run}
  end

  # The reply goes out before the version is told.
  defp settle(agent), do: for(_ <- 1..2, do: Agent.get(agent, & &1))

  defp put(agent, state) do
    Agent.update(agent, fn _ -> state end)
    settle(agent)
  end

  defp latest(process, run), do: ElixirScope.state_at(process, 2 ** 62, run: run)

  defp known(process, run) do
    case latest(process, run) do
      {:ok, version} -> version.state
      {:error, reason} -> {:unknown, reason}
    end
  end

  # The atoms of terms have files of their own, so a secret is a text.
  defp refute_written(run, text) do
    # Those that are just being made are gone a moment later.
    for file <- Path.wildcard(Path.join(run, "*")), {:ok, bytes} <- [File.read(file)] do
      refute bytes =~ text, file
    end
  end

  for level <- [:branches, :boundaries] do
    test "at #{level} it is known that a state changed, and not into what", %{dir: dir} do
      {agent, run} = observed(dir)
      Native.set_detail(unquote(level), :test)
      TimeTravel.wanted()
      :sys.get_state(TimeTravel)
      settle(agent)
      assert known(agent, run) == :first, "nothing changed"

      for n <- 1..3, do: put(agent, "canary #{n}")
      assert {:unknown, reason} = known(agent, run)
      assert reason =~ "level of detail"
      assert {:error, refusal} = ElixirScope.snapshot(agent)
      assert refusal =~ "leaves states out"

      Native.set_detail(:values, :test)
      put(agent, :second)
      assert {:ok, %{state: :second, source: :whole, number: 5}} = latest(agent, run)
      put(agent, :third)
      :ok = ElixirScope.stop_recording()

      assert {:ok, %{state: :third, source: :difference, uncertain: false}} = latest(agent, run)
      assert ElixirScope.status().truncated == 0
      refute_written(run, "canary")
    end
  end

  test "off, nothing is written, and no old state stands for a newer one", %{dir: dir} do
    {agent, run} = observed(dir)
    Native.set_detail(:off, :test)
    events = ElixirScope.status().events
    put(agent, "canary")
    assert ElixirScope.status().events == events
    assert {:unknown, reason} = known(agent, run)
    assert reason =~ "not recorded for a while"

    Native.set_detail(:values, :test)
    assert {:unknown, _} = known(agent, run)
    put(agent, :second)
    :ok = ElixirScope.stop_recording()

    assert {:ok, %{state: :second, source: :whole, at_ns: at}} = latest(agent, run)
    assert {:error, ^reason} = ElixirScope.state_at(agent, at - 1, run: run)
    refute_written(run, "canary")
  end

  test "a state that stayed as it was is known for the time in between, later", %{dir: dir} do
    {agent, run} = observed(dir)
    Native.set_detail(:off, :test)
    settle(agent)
    assert {:unknown, _} = known(agent, run)
    Native.set_detail(:values, :test)
    put(agent, :second)
    :ok = ElixirScope.stop_recording()
    assert {:ok, %{source: :difference, at_ns: at}} = latest(agent, run)
    assert {:ok, %{state: :first}} = ElixirScope.state_at(agent, at - 1, run: run)
  end

  test "when the breaker gives the level back, idle processes tell their states", %{dir: dir} do
    # Looks without time between them find any share of it.
    {agent, run} = observed(dir, budget: [overhead: :infinity, drops: :infinity])
    watch = Process.whereis(Watch)
    Native.set_detail(:branches, :test)
    put(agent, :second)
    assert {:unknown, _} = known(agent, run)
    :sys.replace_state(watch, &%{&1 | breaker: %{&1.breaker | level: :branches}})
    for _ <- 1..5, do: Watch.look(watch)
    assert ElixirScope.health().detail.level == :values
    eventually(fn -> known(agent, run) == :second end)
  end

  test "who is in no trace tells nothing, until there is none", %{dir: dir} do
    {agent, run} = observed(dir)
    {:ok, other} = Agent.start(fn -> 0 end)
    {:ok, trace} = ElixirScope.trace(other)
    put(agent, "canary")
    assert {:unknown, _} = known(agent, run)
    {:ok, own} = ElixirScope.trace(agent, level: :boundaries)
    put(agent, "canary again")
    assert {:unknown, reason} = known(agent, run)
    assert reason =~ "level of detail"
    refute_written(run, "canary")

    put(agent, :second)
    for ended <- [trace, own], do: assert(ElixirScope.stop_trace(ended) == 1)
    eventually(fn -> known(agent, run) == :second end)
  end

  test "a state machine obeys, too", %{dir: dir} do
    {:ok, machine} = :gen_statem.start(Machine, 1, [])
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    :ok = ElixirScope.enable_time_travel(machine)
    eventually(fn -> known(machine, run) == {:on, 1} end)
    Native.set_detail(:boundaries, :test)
    :gen_statem.cast(machine, {:put, "canary"})
    eventually(fn -> match?({:unknown, _}, known(machine, run)) end)
    Native.set_detail(:values, :test)
    assert {:unknown, _} = known(machine, run)
    :gen_statem.cast(machine, {:put, 2})
    eventually(fn -> known(machine, run) == {:on, 2} end)
    refute_written(run, "canary")
    :gen_statem.stop(machine)
  end
end
