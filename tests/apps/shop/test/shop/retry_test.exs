defmodule Shop.RetryTest do
  use ExUnit.Case, async: true
  doctest Shop.Retry
  doctest Shop.CardError

  alias Shop.Retry

  # Fails until it has been called `n` times.
  defp flaky(n, error) do
    counter = :counters.new(1, [])

    fn ->
      :counters.add(counter, 1, 1)
      if :counters.get(counter, 1) < n, do: raise(error), else: :counters.get(counter, 1)
    end
  end

  test "run tries again, but not for ever" do
    assert Retry.run(flaky(3, "not yet")) == 3
    assert Retry.run(flaky(4, "not yet")) == {:error, %RuntimeError{message: "not yet"}}
    assert Retry.run(flaky(9, "not yet"), 10) == 9
  end

  test "run lets errors through that it does not know" do
    assert_raise KeyError, fn -> Retry.run(fn -> Map.fetch!(Map.new(), :a) end) end
  end

  test "busy counts down however the function ends" do
    counter = :counters.new(1, [])
    assert Retry.busy(counter, fn -> :counters.get(counter, 1) end) == 1
    assert_raise RuntimeError, fn -> Retry.busy(counter, fn -> raise "oops" end) end
    assert catch_throw(Retry.busy(counter, fn -> throw(:ball) end)) == :ball
    assert :counters.get(counter, 1) == 0
  end

  test "outcome tells the four ways out apart" do
    assert Retry.outcome(fn -> :ok end) == {:returned, :ok}
    assert Retry.outcome(fn -> raise ArgumentError, "bad" end) == {:raised, "bad"}
    assert Retry.outcome(fn -> throw(1) end) == {:thrown, 1}
    assert Retry.outcome(fn -> exit(:bye) end) == {:exited, :bye}
  end

  test "explain keeps the trace of the failure" do
    assert Retry.explain(fn -> 1 end) == {:ok, 1}
    assert {:error, %ArithmeticError{}, stack} = Retry.explain(fn -> 1 / Enum.count([]) end)
    assert Enum.any?(stack, &match?({__MODULE__, _fun, _arity, [_ | _]}, &1))
    assert {Retry, :explain, 1, location} = List.keyfind(stack, Retry, 0)
    assert location[:file] == ~c"lib/shop/retry.ex"
  end

  test "observe tells, and fails as before" do
    me = self()
    observer = fn kind, reason -> send(me, {kind, reason}) end
    assert Retry.observe(fn -> :fine end, observer) == :fine
    assert catch_exit(Retry.observe(fn -> exit(:bye) end, observer)) == :bye
    assert_received {:exit, :bye}

    try do
      Retry.observe(fn -> "x" |> String.duplicate(1) |> String.to_integer() end, observer)
    rescue
      ArgumentError ->
        assert [{:erlang, :binary_to_integer, _, _} | _] = __STACKTRACE__
    end

    assert_received {:error, :badarg}
  end

  test "first stops at the first" do
    look = fn n -> if send(self(), n) == 2, do: {:found, :two} end
    assert Retry.first([1, 2, 3], look) == :two
    assert_received 2
    refute_received 3
    assert Retry.first([], look) == nil
  end

  test "poll gives up" do
    assert Retry.poll(fn -> true end, 0) == nil
    assert Retry.poll(fn -> false end, 3, 0) == nil
    counter = :counters.new(1, [])

    assert Retry.poll(fn ->
             :counters.add(counter, 1, 1)
             :counters.get(counter, 1) == 5
           end) == :ok
  end
end
