for file <- ~w(segments terms capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

Code.require_file("support/called.ex", __DIR__)

defmodule ElixirScope.CallsTest do
  # There is one recording in a VM, and one tracer before OTP 27.
  use ElixirScope.Test.CaptureCase, async: false

  import ElixirScope.Matchers
  import ExUnit.CaptureIO

  alias ElixirScope.{Calls, Recorder}
  alias ElixirScope.Test.{Called, Segments}

  # The events of the calls that `fun` makes, as `{kind, terms}`, and its value.
  defp traced(dir, functions, options \\ [], fun) do
    {:ok, run} = ElixirScope.start_recording(dir: dir)
    {:ok, count} = ElixirScope.trace_calls(functions, options)
    assert count > 0
    value = fun.()
    :ok = ElixirScope.stop_recording()
    assert %{lost_events: 0, panics: 0, failure: nil} = ElixirScope.status()
    assert left() == []
    {told(run), value}
  end

  defp told(run) do
    for %{kind: kind} = event <- Segments.events(run),
        kind in [:call, :returned, :raised],
        do: {kind, event.terms}
  end

  # Patterns that are left.
  defp left do
    for name <- [outer: 1, inner: 1, last: 1, spin: 1],
        {:traced, how} = info({Called, elem(name, 0), elem(name, 1)}),
        how not in [false, :undefined],
        do: name
  end

  # From OTP 27 on, the recorder traces in a session of its own.
  defp info(function) do
    case recording() do
      %{tracing: %{session: session}} when session != nil ->
        apply(:trace, :info, [session, function, :traced])

      _ ->
        :erlang.trace_info(function, :traced)
    end
  end

  defp recording do
    :sys.get_state(Recorder).recording
  catch
    # It was killed, and is not back yet.
    :exit, _ -> nil
  end

  defp mfa(name), do: {Called, name, 1}

  test "calls, values and exceptions, of private functions too", %{dir: dir} do
    {events, _} =
      traced(dir, Called, fn ->
        Called.outer(4)
        catch_error(Called.outer(0))
      end)

    assert events == [
             call: [mfa(:outer), 4],
             call: [mfa(:inner), 4],
             call: [mfa(:private), 4],
             returned: [mfa(:private), 25],
             returned: [mfa(:inner), 50],
             returned: [mfa(:outer), {:outer, 51}],
             call: [mfa(:outer), 0],
             call: [mfa(:inner), 0],
             call: [mfa(:private), 0],
             raised: [mfa(:private), :error, :badarith],
             raised: [mfa(:inner), :error, :badarith],
             raised: [mfa(:outer), :error, :badarith]
           ]
  end

  test "of one function, from outside, without ends or arguments", %{dir: dir} do
    both = fn -> {Called.outer(4), Called.inner(4)} end
    {events, _} = traced(dir, {Called, :inner, 1}, [local: false], both)
    assert events == [call: [mfa(:inner), 4], returned: [mfa(:inner), 50]]
    {events, _} = traced(dir, {Called, :inner}, [returns: false, arguments: false], both)
    assert events == [call: [mfa(:inner)], call: [mfa(:inner)]]
  end

  test "what a match specification picks and says", %{dir: dir} do
    spec =
      match_spec(fn
        n when n in [1, 2] -> skip()
        n when n < 5 -> message({n, caller()})
        5 -> :ok
      end)

    calls = fn -> for n <- 1..6, do: Called.outer(n) end
    {events, _} = traced(dir, [{Called, :inner, 1}], [match: spec], calls)

    assert [
             call: [_, 3, {3, {Called, :outer, 1}}],
             returned: _,
             call: [_, 4, {4, {Called, :outer, 1}}],
             returned: _,
             call: [_, 5],
             returned: _
           ] = events

    {events, _} = traced(dir, {Called, :inner, 1}, [match: spec, returns: false], calls)
    assert [call: [_, 3, {3, _}], call: [_, 4, {4, _}], call: [_, 5]] = events
  end

  test "of some processes, and what they spawn", %{dir: dir} do
    test = self()

    asked = fn ->
      receive do: (:go -> :ok)
      spawn(fn -> send(test, Called.outer(1)) end)
    end

    {pid, other} = {spawn(asked), spawn(fn -> receive do: (:go -> Called.outer(2)) end)}

    {events, _} =
      traced(dir, {Called, :outer, 1}, [processes: [pid]], fn ->
        for pid <- [pid, other], do: send(pid, :go)
        assert_receive {:outer, 201}
        Called.outer(3)
      end)

    assert [call: [_, 1], returned: _] = events
  end

  test "a hot function ends its tracing, not the program", %{dir: dir} do
    warning =
      capture_io(:stderr, fn ->
        {events, _} =
          traced(dir, {Called, :spin, 1}, [max: 100, returns: false], fn ->
            assert Called.spin(1_000_000) == :over
            eventually(fn -> left() == [] end)
            Called.spin(3)
          end)

        assert length(events) == 100
      end)

    assert warning =~ "no more calls are traced: :max was reached"

    {run, warning} =
      with_io(:stderr, fn ->
        {:ok, run} = ElixirScope.start_recording(dir: dir)
        {:ok, 1} = ElixirScope.trace_calls({Called, :spin, 1}, per_second: 50, returns: false)
        Called.spin(1_000)
        eventually(fn -> left() == [] end)
        :ok = ElixirScope.stop_recording()
        run
      end)

    assert warning =~ ":per_second was reached"
    # A second may end while it spins.
    assert length(told(run)) in 50..99

    assert [%{terms: [:trace_calls_ended, :per_second]}] =
             for(%{kind: :mark} = mark <- Segments.events(run), do: mark)
  end

  test "it ends by itself, when asked, and with a recorder that crashes", %{dir: dir} do
    {:ok, _} = ElixirScope.start_recording(dir: dir)
    {:ok, _} = ElixirScope.trace_calls(Called, duration: 1)
    eventually(fn -> left() == [] end)
    {:ok, 1} = ElixirScope.trace_calls({Called, :inner, 1})
    {:ok, 1} = ElixirScope.trace_calls({Called, :outer, 1})
    assert left() == [outer: 1, inner: 1]
    assert ElixirScope.stop_trace_calls() == :ok
    assert left() == []

    {:ok, _} = ElixirScope.trace_calls(Called)
    %{level: level} = :logger.get_primary_config()
    :logger.set_primary_config(:level, :none)
    on_exit(fn -> :logger.set_primary_config(:level, level) end)
    Process.exit(Process.whereis(Recorder), :kill)
    eventually(fn -> is_pid(Process.whereis(Recorder)) and left() == [] end)
  end

  test "beside messages, which go on", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir, trace: [:messages])
    {:ok, _} = ElixirScope.trace_calls({Called, :outer, 1})
    Called.outer(1)
    :ok = ElixirScope.stop_trace_calls()
    Called.outer(2)
    send(self(), :after_calls)
    :ok = ElixirScope.stop_recording()
    events = Segments.events(run)
    assert [call: [_, 1], returned: _] = told(run)
    assert Enum.any?(events, &match?(%{kind: :receive, terms: [_, :after_calls]}, &1))
  end

  test "what makes no sense", %{dir: dir} do
    {:ok, _} = ElixirScope.start_recording(dir: dir)
    assert {:error, text} = ElixirScope.trace_calls({Called, :missing, 7})
    assert text =~ "Called.missing/7"
    assert {:error, _} = ElixirScope.trace_calls(NoSuchModule)

    for functions <- [:_, {:_, :_, :_}, Recorder, "text", {Called, 1}] do
      assert_raise ArgumentError, fn -> Calls.request!(functions, []) end
    end

    for options <- [[max: 0], [match: [1]], [limit: 3], [duration: 0]] do
      assert_raise ArgumentError, fn -> Calls.request!(Called, options) end
    end
  end
end
