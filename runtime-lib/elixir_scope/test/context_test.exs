for file <- ~w(segments terms vm probes writers machine errands capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.ContextTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Context
  alias ElixirScope.Test.Errands

  # The id of each event's context, by the recording alone.
  defp with_ids(events) do
    ids = for %{kind: :context} = event <- events, into: %{}, do: {event.context, hd(event.terms)}

    for event <- events,
        event.kind != :context,
        do: {event, event.context && Map.fetch!(ids, event.context)}
  end

  test "random programs agree with what they carry by hand", %{dir: dir} do
    for seed <- 1..String.to_integer(System.get_env("CONTEXT_ROUNDS", "8")) do
      :rand.seed(:exsss, seed)
      options = if rem(seed, 2) == 0, do: [trace: [:messages, :processes]], else: []
      events = record(dir, options, fn -> Errands.run(1..6) end)
      steps = for {%{terms: [{:by_hand, by_hand}]}, id} <- with_ids(events), do: {by_hand, id}
      assert length(steps) > 50
      assert Enum.reject(steps, fn {by_hand, id} -> by_hand == id end) == []
      assert Enum.any?(steps, &match?({nil, _}, &1)) and Enum.any?(steps, &match?({"b", _}, &1))
    end
  end

  test "it is restored, whatever happens, and nests" do
    assert ElixirScope.context() == nil

    ElixirScope.with_context(:outer, 1, fn ->
      catch_throw(ElixirScope.with_context(:inner, 2, fn -> throw(ElixirScope.context()) end))
      assert ElixirScope.context() == %{id: :outer, metadata: 1}
    end)

    assert ElixirScope.context() == nil
    assert [a, b] = for(_ <- 1..2, do: ElixirScope.with_context(&ElixirScope.context/0).id)
    assert a != b and byte_size(a) == 16
  end

  test "a server leaves a context with the next message", %{dir: dir} do
    {:ok, agent} = Agent.start_link(fn -> nil end)

    events =
      record(dir, fn ->
        step = fn name -> Agent.cast(agent, fn _ -> :scope_probe.bind(1, name) end) end
        step.(:before)
        ElixirScope.with_context("within", fn -> step.(:within) end)
        step.(:after)
        Agent.get(agent, & &1)
      end)

    assert [nil, "within", nil] =
             for({%{kind: :bind, pid: ^agent}, id} <- with_ids(events), do: id)
  end

  test "what began before the recording, and outlives a segment", %{dir: dir} do
    ElixirScope.with_context("long", %{user: 3}, fn ->
      events =
        record(dir, [segment_bytes: 65_536], fn ->
          for n <- 1..8_000 do
            # A loop that does nothing else is faster than segments can be made.
            if rem(n, 500) == 0, do: Process.sleep(5)
            :scope_probe.bind(1, n)
          end
        end)

      named = for %{kind: :context} = event <- events, do: event.terms
      assert Enum.uniq(named) == [["long", %{user: 3}]] and length(named) > 4
      assert [_] = Enum.uniq(for %{kind: :bind} = event <- events, do: event.context)
    end)
  end

  test "the token of another tool is not ours, and keeps what it has", %{dir: dir} do
    events =
      record(dir, fn ->
        ElixirScope.with_context("ours", fn -> :ok end)
        :seq_trace.set_token(:label, 17)
        :seq_trace.set_token(:send, true)
        :scope_probe.bind(1, :theirs)
        ElixirScope.with_context("ours", fn -> :scope_probe.bind(1, :ours) end)
        assert :seq_trace.get_token(:label) == {:label, 17}
        assert :seq_trace.get_token(:send) == {:send, true}
        :seq_trace.set_token([])
      end)

    assert [theirs: nil, ours: "ours"] =
             for({%{kind: :bind, terms: [name]}, id} <- with_ids(events), do: {name, id})
  end

  test "it is read back, and asked for", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    ElixirScope.mark(:outside)

    ElixirScope.with_context("one", %{user: 3}, fn ->
      ElixirScope.mark(:first)
      Task.await(Task.async(fn -> ElixirScope.mark(:second) end))
    end)

    ElixirScope.with_context({:two, 2}, fn -> ElixirScope.mark(:third) end)
    :ok = ElixirScope.stop_recording()

    marks = fn options ->
      {:ok, events} = ElixirScope.events([run: run] ++ options)
      for %{kind: :mark, values: [{_, name}, _]} = event <- events, do: {name, event.correlation}
    end

    assert marks.([]) == [
             {":outside", nil},
             {":first", "one"},
             {":second", "one"},
             {":third", "{:two, 2}"}
           ]

    assert marks.(correlation: "one") == [{":first", "one"}, {":second", "one"}]
    assert marks.(correlation: {:two, 2}) == [{":third", "{:two, 2}"}]
    assert marks.(correlation: "none") == []
  end

  test "the recorder finds where tokens are", %{dir: dir} do
    # It looks how the VM lays out terms first.
    {:ok, _} = ElixirScope.start_recording(dir: dir)
    assert Context.prepare() == :ok
    assert ElixirScope.Native.use_contexts()
    :ok = ElixirScope.stop_recording()
  end
end
