for file <- ~w(segments capture_case terms edits vm),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.StateVersionsTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Test.{Edits, Terms}

  # More with STATE_CASES=10 and so on.
  @cases String.to_integer(System.get_env("STATE_CASES", "1"))

  # The states of all versions of a process.
  defp versions(run, process) do
    {:ok, command} = ElixirScope.Overlay.Command.find()
    arguments = ["trace", "state", run, "--pid", inspect(process), "--etf"]
    {output, 0} = System.cmd(command, arguments)
    for version <- :erlang.binary_to_term(output), elem(version, 1) != "snapshot", do: version
  end

  defp bytes(term), do: :erlang.term_to_binary(term, [:deterministic, minor_version: 2])

  # Each edit is made in the process, so that the next state shares what it can.
  defp edited(agent, seed) do
    Agent.get_and_update(agent, fn state ->
      :rand.seed(:exsss, {1, 2, seed})
      state = Edits.edit(state)
      {state, state}
    end)
  end

  defp check(dir, start, edits, options \\ []) do
    {:ok, agent} = Agent.start(start)
    {:ok, run} = ElixirScope.start_recording([dir: dir, redact: [:password, :token]] ++ options)
    :ok = ElixirScope.enable_time_travel(agent)
    states = Enum.map(edits, & &1.(agent))
    Agent.get(agent, & &1)
    :ok = ElixirScope.stop_recording()

    assert %{lost_events: 0, panics: 0} = ElixirScope.status()
    # What is the same is no version, whether or not it is told again.
    expected = states |> Enum.map(&bytes(Edits.seen(&1))) |> Enum.dedup()
    read = Enum.map(versions(run, agent), &bytes(elem(&1, 5))) |> Enum.dedup()
    for {one, other} <- Enum.zip(expected, read), one != other, do: differ(one, other)
    assert length(read) == length(expected)
  end

  defp differ(one, other) do
    assert :erlang.binary_to_term(other) == :erlang.binary_to_term(one)
    flunk("not the same bytes: #{inspect(:erlang.binary_to_term(one))}")
  end

  test "each of many edits of random terms is read back", %{dir: dir} do
    for seed <- 1..(40 * @cases) do
      :rand.seed(:exsss, {seed, 5, 6})
      [start] = Terms.generated(1)
      check(dir, fn -> start end, for(n <- 1..50, do: &edited(&1, seed * 1000 + n)))
    end
  end

  test "large maps and lists that grow and shrink", %{dir: dir} do
    start = fn ->
      %{map: Map.new(1..2000, &{{:key, &1}, &1}), list: Enum.to_list(1..1000), f: & &1}
    end

    edits =
      for n <- 1..300 do
        change = fn
          %{map: map, list: list} = state when rem(n, 3) == 0 ->
            %{state | map: Map.delete(map, {:key, n}), list: tl(list)}

          %{map: map, list: list} = state when rem(n, 3) == 1 ->
            %{state | map: Map.put(map, n, -n), list: Enum.drop([n | list], -1)}

          %{map: map, list: list} = state ->
            map = Map.update!(map, {:key, n + 300}, &{&1})
            %{state | map: map, list: Enum.reject(list, &(rem(&1, 500) == n))}
        end

        fn agent -> Agent.get_and_update(agent, &{change.(&1), change.(&1)}) end
      end

    check(dir, start, edits)
  end
end
