defmodule ElixirScope.AnalysisTest do
  use ExUnit.Case, async: true

  alias ElixirScope.Analysis

  doctest Analysis

  @empty %{
    app: "shop",
    run: "ab",
    state: "finished",
    failure: nil,
    span_ns: 2_000_000_000,
    events: 0,
    kinds: [],
    closings: [],
    times: [],
    errors: [],
    processes: [],
    findings: [],
    lost_events: 0,
    missing_segments: 0,
    recycled_segments: 0,
    truncated: 0,
    omitted: 0,
    orphans: 0,
    panics: 0
  }

  defp time(function, own, longest) do
    pid = "#PID<0.1.0>"

    %{function: function, calls: 3, own_ns: own, longest_ns: longest, longest_at_ns: 9}
    |> Map.put(:longest_pid, pid)
  end

  defp below(lines, title) do
    lines
    |> Enum.drop_while(&(not String.starts_with?(&1, title)))
    |> tl()
    |> Enum.take_while(&(&1 != ""))
  end

  test "the order is by own time, and then by the longest call" do
    times = [
      time("Shop.a/0", 3_000, 4_000),
      time("Shop.b/0", 1_000, 90_000),
      time("Shop.c/0", 0, 1)
    ]

    lines = Analysis.lines(%{@empty | times: times}, 2)

    assert below(lines, "Hottest") == [
             "  3.0µs  75 %  3 calls  Shop.a/0",
             "  1.0µs  25 %  3 calls  Shop.b/0"
           ]

    assert [first, _] = below(lines, "Slowest")
    assert first == "  90.0µs  at 9ns  #PID<0.1.0>  Shop.b/0"
  end

  test "what is not there is said to be none, what is lost is named" do
    assert below(Analysis.lines(@empty, 5), "Errors") == ["  none"]
    assert below(Analysis.lines(@empty, 5), "Losses") == ["  none"]
    finding = %{file: "ring-1.seg", problem: "is cut"}

    lines =
      Analysis.lines(%{@empty | lost_events: 1200, failure: "no disk", findings: [finding]}, 5)

    assert "ended by: no disk" in lines

    assert below(lines, "Losses") ==
             ["  1_200  events lost: no segment stood ready", "         ring-1.seg: is cut"]
  end

  test "no line is wider than a terminal" do
    long = String.duplicate("Long.", 40)
    error = %{kind: "crash", name: long, place: "Elixir.Shop\nTill", count: 2}

    process = %{events: 9, calls: 1, pid: "#PID<0.1.0>", name: long, exit_reason: long}

    stats = %{
      @empty
      | times: [time(long, 1, 1)],
        errors: [error],
        processes: [process],
        failure: long
    }

    lines = Analysis.lines(stats, 5)
    assert Enum.max(Enum.map(lines, &String.length/1)) == 80
    refute Enum.any?(lines, &(&1 =~ "\n"))
  end
end
