for file <- ~w(segments terms capture_case), do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.ApiTest do
  use ElixirScope.Test.CaptureCase, async: false

  import ExUnit.CaptureIO

  doctest ElixirScope
  doctest ElixirScope.Reader
  doctest ElixirScope.Doctor
  doctest ElixirScope.ProcessName
  doctest ElixirScope.IEx, only: [line: 2, select: 1]

  describe "marks" do
    test "are written while a recording runs, with name and value", %{dir: dir} do
      assert ElixirScope.mark(:before) == :ok

      events =
        record(dir, fn ->
          :scope_probe.enter(7, :argument)
          assert ElixirScope.mark(:checkout, %{items: 3}) == :ok
          ElixirScope.mark("alone")
        end)

      marks = for %{kind: :mark} = event <- own(events), do: event.terms
      assert marks == [[:checkout, %{items: 3}], ["alone", nil]]
    end
  end

  describe "reading back" do
    setup do
      case ElixirScope.Overlay.Command.find() do
        {:ok, _} -> :ok
        {:error, reason} -> flunk("the command is needed: " <> reason)
      end
    end

    test "a running recording has its events, by time", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording(dir: dir)
      :scope_probe.enter(7, "a\n\"text\"", ~c"ä")
      ElixirScope.mark(:here, 1)
      :scope_probe.leave(7, :done)

      assert {:ok, [call, mark]} = ElixirScope.events(pid: self())
      assert %{kind: :call, closing: :returned, result: ":done", parent: nil} = call
      assert Enum.map(call.values, &elem(&1, 1)) == [~S("a\n\"text\""), "[228]"]
      assert %{kind: :mark, values: [{"", ":here"}, {"", "1"}]} = mark
      assert mark.parent == call.id
      assert mark.at_ns >= call.at_ns and mark.pid == inspect(self())
    end

    test "the last calls of a process are its newest", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording(dir: dir)

      for n <- 1..5 do
        :scope_probe.enter(7, n)
        :scope_probe.leave(7, n)
      end

      assert {:ok, calls} = ElixirScope.last(self(), 2)
      assert Enum.map(calls, & &1.result) == ["4", "5"]
      assert {:ok, []} = ElixirScope.last({Nobody, :home, 0})

      printed = capture_io(fn -> ElixirScope.IEx.last(self(), 2) end)
      assert [_, _] = lines = String.split(printed, "\n", trim: true)
      assert Enum.all?(lines, &(&1 =~ "→" and String.length(&1) <= 80))

      tree = capture_io(fn -> ElixirScope.IEx.tree(self()) end)
      assert tree =~ "5 calls"
      assert Enum.all?(String.split(tree, "\n"), &(String.length(&1) <= 80))
    end

    # Behind all that happened and before what comes: it has microseconds only.
    defp date do
      Process.sleep(2)
      date = DateTime.utc_now()
      Process.sleep(2)
      date
    end

    test "dates are moments, too", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir)
      {:ok, agent} = Agent.start(fn -> 0 end)
      :ok = ElixirScope.enable_time_travel(agent)

      dates =
        for n <- 1..3 do
          :scope_probe.enter(7, n)
          :scope_probe.leave(7, n)
          Agent.update(agent, fn _ -> n end)
          for _ <- 1..2, do: Agent.get(agent, & &1)
          date()
        end

      :ok = ElixirScope.stop_recording()
      state = fn date -> ElixirScope.state_at(agent, date, run: run) end
      assert [1, 2, 3] = for(date <- dates, {:ok, version} = state.(date), do: version.state)
      assert {:error, "no version" <> _} = state.(DateTime.add(hd(dates), -3600))
      assert {:error, "no version" <> _} = state.(-1)
      local = %{hd(dates) | utc_offset: 3600, time_zone: "Etc/Test", zone_abbr: "TST"}
      assert state.(local) == state.(DateTime.add(hd(dates), -3600))

      [first, second, _] = dates

      calls = fn options ->
        {:ok, calls} = ElixirScope.events([run: run, pid: self()] ++ options)
        for %{kind: :call, result: result} <- calls, do: result
      end

      assert calls.(from: first, to: second) == ["2"]
      assert calls.(from: second) == ["3"] and calls.(to: first) == ["1"]
      {:ok, [_, %{at_ns: at} | _]} = ElixirScope.events(run: run, pid: self())
      assert calls.(from: at, to: at) == ["2"]
      assert_raise ArgumentError, ~r/a moment must be/, fn -> state.(~N[2026-01-01 00:00:00]) end
    end

    test "what cannot be read says why", %{dir: dir} do
      assert {:error, message} = ElixirScope.events(run: Path.join(dir, "none"))
      assert message =~ "none"
      assert_raise ArgumentError, ~r/:limit must be/, fn -> ElixirScope.events(limit: 0) end
      assert_raise ArgumentError, ~r/unknown keys/, fn -> ElixirScope.events(limits: 1) end
    end
  end
end
