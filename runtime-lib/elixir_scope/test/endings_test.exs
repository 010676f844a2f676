for file <- ~w(segments capture_case json call_tracer),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.EndingsTest do
  @moduledoc """
  How calls ended, as frames say, against what the VM's own tracing says.

  The recording has no event for an exception that passes through a function: the
  frames' ends are inferred. The VM tells each of them.
  """
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Overlay.{Command, Erasure}
  alias ElixirScope.Test.{CallTracer, Json}

  @source Path.expand("support/endings.ex", __DIR__)
  @wide [depth: 32, items: 127, binary_bytes: 65_536, payload_bytes: 32_768]
  @callers [:plain, :tail, :loop, :rescuing, :catching, :nested, :reraising, :rethrowing] ++
             [:cleaning, :bound]

  setup %{dir: dir} do
    :rand.seed(:exsss, ExUnit.configuration()[:seed])
    File.mkdir_p!(Path.join(dir, "lib"))
    File.cp!(@source, Path.join(dir, "lib/endings.ex"))
    File.write!(Path.join(dir, "mix.exs"), "")
    {:ok, _} = Command.instrument(dir, Path.join(dir, "out"), :endings, ["--path", "lib"], dir)

    # Crashes are part of it.
    %{level: level} = :logger.get_primary_config()
    :logger.set_primary_config(:level, :none)

    on_exit(fn ->
      :logger.set_primary_config(:level, level)
      :code.purge(Endings)
      :code.delete(Endings)
    end)
  end

  test "each frame ends as its call did", %{dir: dir} do
    text = File.read!(Path.join(dir, "out/src/lib/endings.ex"))
    {:ok, term} = Erasure.check(File.read!(@source), text, @source)
    [{module, _}] = Code.compile_quoted(term, @source)

    {:ok, run} = ElixirScope.start_recording([dir: dir, maps: maps(dir)] ++ @wide)
    tracer = CallTracer.start(module)
    for _ <- 1..6, do: run_together(module, tracer)
    told = CallTracer.stop(tracer, module)
    :ok = ElixirScope.stop_recording()
    assert %{lost_events: 0, truncated: 0, failure: nil} = ElixirScope.status()

    frames = Enum.group_by(frames(run), & &1["pid"])
    assert map_size(frames) == map_size(told)

    endings =
      for {pid, calls} <- told do
        frames = Map.fetch!(frames, inspect(pid))
        assert Enum.map(frames, & &1["function"]) == Enum.map(calls, &name(module, &1))
        compare(frames, calls)
      end

    # Each way to end was seen.
    seen = endings |> List.flatten() |> Enum.frequencies()
    for way <- ~w(returned raised tail exited), do: assert(seen[way] > 50, inspect(seen))
  end

  defp maps(dir), do: [Path.join(dir, "out/nodes.esmap")]

  defp name(module, {{name, arity}, _}), do: "#{inspect(module)}.#{name}/#{arity}"

  # Processes at once: most run to their end, some crash, some are killed as they wait.
  defp run_together(module, tracer) do
    scripts = for(_ <- 1..20, do: script(5)) ++ for(_ <- 1..4, do: hanging(5))

    watched =
      for script <- scripts do
        {pid, reference} = spawn_monitor(fn -> receive do: (:go -> module.run(script)) end)
        CallTracer.trace(tracer, pid)
        {pid, reference}
      end

    for {pid, _} <- watched, do: send(pid, :go)
    for _ <- 1..4, do: assert_receive({pid, :hangs} when is_pid(pid), 5000)

    for {pid, reference} <- Enum.take(watched, -4) do
      Process.exit(pid, :kill)
      assert_receive {:DOWN, ^reference, :process, ^pid, :killed}
    end

    for {pid, reference} <- Enum.drop(watched, -4),
        do: assert_receive({:DOWN, ^reference, :process, ^pid, _}, 5000)

    eventually(fn -> ended?(Enum.map(watched, &elem(&1, 0))) end)
  end

  # The recorder, too, has heard of their ends.
  defp ended?(pids) do
    exits =
      for %{kind: :exit, pid: pid} <- ElixirScope.Test.Segments.events(ElixirScope.status().dir),
          do: pid

    pids -- exits == []
  end

  defp script(depth), do: for(_ <- 1..:rand.uniform(4), do: step(depth))

  defp step(depth) do
    case :rand.uniform(14) do
      n when n <= 7 and depth > 0 -> {Enum.random([:each | @callers]), script(depth - 1)}
      8 -> {:raise, "text"}
      9 -> {:key, :missing}
      10 -> {:badarith, 1}
      11 -> {:throw, {:ball, depth}}
      12 -> {:exit, :reason}
      n -> {:value, 1000 + n}
    end
  end

  # What an anonymous function caught is known only when the call that it stands
  # in goes on; so there is none around what hangs.
  defp hanging(0), do: [{:value, 1000}, {:hang, self()}]

  defp hanging(depth),
    do: [{:rescuing, [{:raise, "text"}]}, {Enum.random(@callers), hanging(depth - 1)}]

  defp frames(run) do
    {:ok, command} = Command.find()
    arguments = ["trace", "show", run, "--format", "json", "--limit", "1000000"]
    {json, 0} = System.cmd(command, arguments)
    Json.decode!(json)["frames"]
  end

  # How the frames ended, once that is what the VM told.
  defp compare(frames, calls) do
    successors =
      for %{"tail_of" => before} = frame when before != nil <- frames,
          into: %{},
          do: {before, frame}

    for {frame, {function, told}} <- Enum.zip(frames, calls) do
      last = last(frame, successors)
      assert {function, agree?(last, told)} == {function, true}, inspect({frame, told})
      if last["closing"] == "returned", do: assert(last["result"] == shown(told))
      frame["closing"]
    end
  end

  # To trace how a call ends, the VM keeps the caller of a tail call, which ends as
  # the one that took its place. The frame says `tail`, and names its successor.
  defp last(frame, successors) do
    case Map.fetch(successors, frame["id"]) do
      {:ok, next} -> last(next, successors)
      :error -> frame
    end
  end

  defp agree?(%{"closing" => "returned"}, told), do: match?({:returned, _}, told)
  defp agree?(%{"closing" => "raised"}, told), do: match?({:raised, _}, told)
  # The exception that ends a process passes through all its calls; the VM says so even
  # where another process killed it, but not always from OTP 27 on.
  defp agree?(%{"closing" => "exited"}, :open), do: System.otp_release() >= "27"
  defp agree?(%{"closing" => "exited"}, told), do: match?({:raised, _}, told)
  # A tail call whose callee the source does not name, `apply` here, has no successor:
  # the frame says no more than that.
  defp agree?(%{"closing" => "tail", "function" => "Endings.step/1"}, _told), do: true
  defp agree?(_frame, _told), do: false

  defp shown({:returned, value}),
    do: inspect(value, charlists: :as_lists, limit: :infinity, printable_limit: :infinity)
end
