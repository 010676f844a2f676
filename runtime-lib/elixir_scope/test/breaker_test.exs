defmodule ElixirScope.BreakerTest do
  # The policy alone: no recording, no clock. Each property holds for many loads, which
  # are made from seeds, so that a failure names one that fails again.
  use ExUnit.Case, async: true

  alias ElixirScope.Health.{Breaker, Budget}

  doctest Breaker
  doctest Budget

  @seeds 1..300
  @levels Breaker.levels()

  defp place(level), do: Enum.find_index(@levels, &(&1 == level))

  # Runs looks at a load: what its pressure is at a level, at a moment. Gives the changes
  # as {moment, from, to}, and the breaker.
  defp run(breaker \\ %Breaker{}, looks, load) do
    Enum.reduce(1..looks, {[], breaker}, fn at, {changes, breaker} ->
      case Breaker.step(breaker, load.(breaker.level, at)) do
        {breaker, nil} -> {changes, breaker}
        {breaker, change} -> {[{at, change.from, change.to} | changes], breaker}
      end
    end)
    |> then(fn {changes, breaker} -> {Enum.reverse(changes), breaker} end)
  end

  # More detail never costs less.
  defp steady(seed) do
    :rand.seed(:exsss, {seed, 1, 2})
    costs = [0.0 | Enum.sort(for _ <- 1..3, do: 6 * :rand.uniform() ** 2)]
    by_level = Map.new(Enum.zip(@levels, costs))
    fn level, _at -> %{overhead: by_level[level], drops: 0.0} end
  end

  defp random(seed) do
    :rand.seed(:exsss, {seed, 3, 4})
    pressures = for _ <- 1..2000, do: 3 * :rand.uniform() ** 2
    table = List.to_tuple(pressures)
    fn _level, at -> %{drops: elem(table, at - 1)} end
  end

  test "whatever happens, the level moves by one step, and every change is counted" do
    for seed <- @seeds do
      {changes, breaker} = run(2000, random(seed))
      assert breaker.changes == length(changes), "seed #{seed}"

      levels = [:values | Enum.map(changes, &elem(&1, 2))]

      for {{_, from, to}, before} <- Enum.zip(changes, levels) do
        assert from == before and abs(place(from) - place(to)) == 1, "seed #{seed}"
      end
    end
  end

  test "within the budget nothing is lowered, and a single look above it does nothing" do
    for seed <- @seeds do
      load = random(seed)
      within = fn level, at -> %{drops: min(load.(level, at).drops, 1.0)} end
      assert {[], _} = run(2000, within)
      alone = fn _level, at -> %{drops: if(rem(at, 2) == 0, do: 4.0, else: 0.9)} end
      assert {[], _} = run(2000, alone)
    end
  end

  test "over budget at every level, nothing is recorded after a few looks, for good" do
    over = fn level, _ -> %{overhead: if(level == :off, do: 0.7, else: 1.2)} end
    assert {[{2, _, _}, {4, _, _}, {6, _, :off}], %{level: :off}} = run(1000, over)
    # Far over: at once.
    far = fn level, _ -> %{overhead: if(level == :off, do: 0.7, else: 9.0)} end
    assert {[{1, _, _}, {2, _, _}, {3, _, :off}], _} = run(1000, far)
  end

  test "a level comes back after calm looks only, and not right after a change" do
    for seed <- @seeds do
      load = random(seed)
      {changes, _} = run(2000, load)
      times = [0 | Enum.map(changes, &elem(&1, 0))]

      for {{at, from, to}, before} <- Enum.zip(changes, times), place(to) > place(from) do
        assert at - before >= 5, "seed #{seed}"
        calm = for look <- (at - 4)..at, do: load.(from, look).drops
        assert Enum.all?(calm, &(&1 <= 0.5)), "seed #{seed}"
      end
    end
  end

  test "a load that stays the same does not switch it on and off" do
    for seed <- @seeds do
      load = steady(seed)
      {changes, breaker} = run(3000, load)
      {late, _} = run(breaker, 3000, load)
      # Down to where it fits, attempts at 5, 10, 20 … looks; then one in 300 at most.
      assert length(changes) <= 3 + 2 * (7 + div(3000, 300)), "seed #{seed}"
      assert length(late) <= 2 * div(3000, 300) + 2, "seed #{seed}"

      # All but a few looks are at levels that fit.
      outside = for {_, _, to} <- late, load.(to, 0).overhead > 1, do: to
      assert length(outside) * 2 <= length(late) + 1, "seed #{seed}"
    end
  end

  test "when the load ends, everything comes back" do
    for seed <- @seeds do
      {_, strained} = run(2000, random(seed))
      {changes, breaker} = run(strained, 4 * 300, fn _, _ -> %{overhead: 0.1} end)
      assert breaker.level == :values and length(changes) <= 3, "seed #{seed}"
      # And after that the next strain finds it as it was at first.
      {_, breaker} = run(breaker, 700, fn _, _ -> %{overhead: 0.1} end)
      assert breaker.patience == %Breaker{}.patience
    end
  end

  test "without a budget nothing changes" do
    assert Budget.pressures(false, %{}) == %{}
    assert {[], %{level: :values}} = run(100, fn _, _ -> %{} end)
  end

  test "each measure is a multiple of its budget" do
    health = %{
      overhead: 0.2,
      drop_rate: 0.005,
      memory: %{recorder: 3_000_000, available: 40_000},
      disk: %{free: 50_000}
    }

    limits = [memory: 1_000_000, available_memory: 100_000, disk: 100_000]
    budget = Budget.validate!(limits, :newest)

    assert Budget.pressures(budget, health) ==
             %{overhead: 2.0, drops: 0.5, memory: 3.0, available_memory: 2.5, disk: 2.0}

    silent = put_in(health.memory.available, nil)
    assert Budget.pressures(budget, silent).available_memory == 0.0

    unlimited =
      [overhead: :infinity, drops: :infinity, memory: :infinity] ++
        [available_memory: 0, disk: 0]

    calm = Budget.pressures(Budget.validate!(unlimited, :all), health)
    assert Enum.all?(calm, fn {_, pressure} -> pressure == 0.0 end)
  end

  test "a flight recorder has a budget unless it is told otherwise" do
    assert Budget.validate!(nil, :newest)[:overhead] == 0.1
    assert Budget.validate!(true, :all) == Budget.validate!(nil, :newest)
    assert Budget.validate!(nil, :all) == false and Budget.validate!(false, :newest) == false
  end
end
