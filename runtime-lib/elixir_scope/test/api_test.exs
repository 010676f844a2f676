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

    test "what cannot be read says why", %{dir: dir} do
      assert {:error, message} = ElixirScope.events(run: Path.join(dir, "none"))
      assert message =~ "none"
      assert_raise ArgumentError, ~r/:limit must be/, fn -> ElixirScope.events(limit: 0) end
      assert_raise ArgumentError, ~r/unknown keys/, fn -> ElixirScope.events(limits: 1) end
    end
  end
end
