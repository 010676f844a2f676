for file <- ~w(segments terms vm machine probes capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.LevelsTest do
  # There is one recording in a VM, and the whole VM's probes are switched.
  use ElixirScope.Test.CaptureCase, async: false

  import ElixirScope.Test.CaptureCase, except: [own: 1]

  alias ElixirScope.Native
  alias ElixirScope.Test.{Machine, Probes, Segments, VM}

  # Of a change, what says that it holds.
  defp own(events),
    do:
      Enum.reject(ElixirScope.Test.CaptureCase.own(events), &(&1.kind == :level and &1.node == 1))

  # Every probe once; what each writes at a level.
  defp all do
    :scope_probe.enter(1, :a, 2)
    :scope_probe.locals(2, :a)
    :scope_probe.branch(3)
    :scope_probe.bind(4, :b)
    :scope_probe.caught(5, :error, :reason, [])
    :scope_probe.mark(0, :name, :value)
    :scope_probe.leave(6)
    :scope_probe.leave(7, :c)
    :scope_probe.leave_falsy(8, nil)
    :scope_probe.leave_truthy(9, true)
    :scope_probe.tail(10)
    :scope_probe.tail(11, :d)
  end

  defp at(dir, level) do
    events =
      record(dir, fn ->
        assert Native.set_detail(level, :test) == :values
        all()
      end)

    [first | rest] = for event <- own(events), do: {event.kind, event.argc, event.terms}
    assert first == {:level, 2, [level, :test]}
    rest
  end

  test "branches: calls and branches without their values", %{dir: dir} do
    assert at(dir, :branches) == [
             {:enter, 2, []},
             {:branch, 0, []},
             {:caught, 3, [:error, :reason, []]},
             {:mark, 2, [:name, :value]},
             {:leave, 0, []},
             {:leave, 1, []},
             {:leave, 1, []},
             {:leave, 1, []},
             {:tail, 0, []},
             {:tail, 0, []}
           ]
  end

  test "boundaries: calls alone", %{dir: dir} do
    kinds = for {kind, _, terms} <- at(dir, :boundaries), kind != :mark, do: {kind, terms}
    expected = ~w(enter caught leave leave leave leave tail tail)a
    assert kinds == Enum.map(expected, &{&1, []})
  end

  test "off: nothing", %{dir: dir} do
    assert at(dir, :off) == []
    assert ElixirScope.status().truncated == 0
  end

  test "every probe gives back what it should at every level", %{dir: dir} do
    {:ok, _} = ElixirScope.start_recording(dir: dir)

    for level <- [:values, :branches, :boundaries, :off] do
      Native.set_detail(level, nil)
      Probes.check!(Probes.calls([0, 7]))
    end
  end

  test "a level is of one recording, and no other word is a level", %{dir: dir} do
    assert Native.load() == :ok
    assert Native.set_detail(:off, nil) == nil
    assert record(dir, fn -> assert Native.set_detail(:all, nil) == false end) == []
    record(dir, fn -> assert Native.set_detail(:off, nil) == :values end)
    assert [_] = own(record(dir, fn -> :scope_probe.branch(1) end))
  end

  test "what changes is in the order in which it changed", %{dir: dir} do
    events =
      record(dir, fn ->
        for level <- [:boundaries, :values, :off, :values] do
          Native.set_detail(level, :test)
          :scope_probe.enter(1, :argument)
        end
      end)

    assert Enum.map(own(events), &{&1.kind, List.first(&1.terms)}) == [
             {:level, :boundaries},
             {:enter, nil},
             {:level, :values},
             {:enter, :argument},
             {:level, :off},
             {:level, :values},
             {:enter, :argument}
           ]
  end

  test "messages keep who sent them, and lose what they say", %{dir: dir} do
    test = self()

    events =
      record(dir, [trace: [:messages], trace_processes: [self()]], fn ->
        Native.set_detail(:boundaries, nil)
        other = spawn(fn -> receive(do: (from -> send(from, :done))) end)
        send(other, test)
        assert_receive :done
      end)

    [_level | after_it] = Enum.drop_while(own(events), &(&1.kind != :level))
    messages = for %{kind: kind} = event <- after_it, kind in [:send, :receive], do: event
    assert length(messages) == 2
    assert Enum.all?(messages, &(&1.omitted? and length(&1.terms) == 1))
  end

  @tag skip: not Machine.cargo?() && "needs cargo and the workspace"
  @tag timeout: 600_000
  test "an event's time is from before what is decided on it", %{dir: dir} do
    vm = VM.start("stamps", [], dir, Machine.panicking_package(dir))

    for _ <- 1..10, level <- [:values, :values, :branches] do
      assert {^level, {run, pid}} = VM.term(vm, "result")
      own = for %{pid: ^pid, kind: kind} = event <- Segments.events(run), do: {kind, event.node}

      assert own -- [exit: 0] == [branch: 1, branch: 98]
    end

    assert {_, 0} = VM.rest(vm)
  end
end
