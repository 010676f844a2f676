for file <- ~w(segments vm machine capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.UpgradeTest do
  # Nothing of this VM changes: all of it happens in others.
  use ElixirScope.Test.CaptureCase, async: true

  alias ElixirScope.Test.{Machine, Segments, VM}

  # What every writer called after the recording had begun, and that returned before it
  # ended, by writer.
  defp missing(result) do
    seen =
      for(%{kind: :enter} = event <- Segments.events(result.run), do: event)
      |> Enum.group_by(& &1.node, &hd(&1.terms))

    for {{from, to}, writer} <- Enum.with_index(Enum.zip(result.before, result.later), 1),
        # The call after `from` may have begun before the recording did.
        n <- (from + 2)..to//1,
        n not in Map.get(seen, writer, []),
        do: {writer, n}
  end

  @tag timeout: 120_000
  test "the package is loaded again, restarted and upgraded while it records", %{dir: dir} do
    times = System.get_env("ELIXIRSCOPE_TEST_RELOADS", "5")
    vm = VM.start("upgrade", [Machine.copied_package(dir, "elixir_scope-9.9.9"), times], dir)

    # Not one event of 50 processes is lost while everything is loaded again.
    reloaded = VM.term(vm, "reloaded")
    assert %{stopped: :ok, status: %{lost_events: 0, panics: 0, failure: nil}} = reloaded
    assert Enum.sum(reloaded.later) - Enum.sum(reloaded.before) > 100
    assert missing(reloaded) == []

    # With the gate's module probes went off; the gap is marked, and the recording went on.
    shut = VM.term(vm, "shut")
    assert %{stopped: :ok, status: %{failure: nil}} = shut
    {marks, _} = Enum.split_with(Segments.events(shut.run), &(&1.kind == :mark))
    assert [%{terms: [:"elixir_scope: probes were off until here", nil]} | _] = marks
    assert missing(shut) != []
    assert Enum.all?(missing(shut), fn {writer, n} -> n < Enum.at(shut.later, writer - 1) end)
    assert VM.term(vm, "survived") == {true, true}

    {run, false} = VM.term(vm, "restarted")
    assert Segments.events(run) != [] and closed?(run)

    # Another library has no part in the recording, which ends, and is whole until then.
    upgraded = VM.term(vm, "upgraded")
    assert upgraded.status.failure =~ "was replaced"
    assert run_json(upgraded.run) =~ "was replaced" and closed?(upgraded.run)
    assert Segments.events(upgraded.run) != []

    anew = VM.term(vm, "anew")
    assert %{stopped: :ok, status: %{lost_events: 0, failure: nil}} = anew
    assert missing(anew) == []
    # The first library's segments are gone with it, but for those its threads last used.
    mapped = VM.term(vm, "mapped")
    assert length(mapped) <= 4 * :erlang.system_info(:schedulers)
    assert {_, 0} = VM.rest(vm)
  end

  # The control ring is sealed last.
  defp closed?(run), do: Enum.any?(Segments.segments(run), &(&1.ring == 0 and &1.sealed?))

  test "a library of another version is refused, and nothing breaks", %{dir: dir} do
    vm = VM.start("contract", [Path.expand("../lib/elixir_scope/native.ex", __DIR__)], dir)
    assert {:error, message} = VM.term(vm, "refused")
    assert message =~ "another version; restart the VM"
    assert VM.term(vm, "probes") == [:ok, nil, 3]
    assert {_, 0} = VM.rest(vm)
  end
end
