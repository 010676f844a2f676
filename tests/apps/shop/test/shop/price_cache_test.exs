defmodule Shop.PriceCacheTest do
  use ExUnit.Case, async: true

  alias Shop.{PriceCache, Retry}

  test "the second fetch does not ask again" do
    start_supervised!({PriceCache, name: :cache_a})
    ask = fn -> send(self(), :asked) && 42 end
    assert PriceCache.fetch(:cache_a, "tea", ask) == 42
    assert_received :asked
    assert PriceCache.fetch(:cache_a, "tea", ask) == 42
    refute_received :asked
  end

  test "nil is a value too" do
    start_supervised!({PriceCache, name: :cache_b})
    assert PriceCache.fetch(:cache_b, "gold", fn -> nil end) == nil
    assert PriceCache.fetch(:cache_b, "gold", fn -> flunk("asked again") end) == nil
    assert PriceCache.size(:cache_b) == 1
    assert PriceCache.clear(:cache_b) == :ok
    assert PriceCache.size(:cache_b) == 0
  end

  test "what is old is swept out in a quiet moment" do
    cache = start_supervised!({PriceCache, name: :cache_c, sweep_every: 5, max_age: 0})
    PriceCache.store(:cache_c, "tea", 1)
    PriceCache.store(:cache_c, "mug", 2)
    assert :ok = Retry.poll(fn -> PriceCache.size(:cache_c) == 0 end)
    send(cache, :stray)
    assert GenServer.call(cache, :swept) == 2
  end

  test "the table dies with its owner" do
    start_supervised!({PriceCache, name: :cache_d})
    PriceCache.store(:cache_d, "tea", 1)
    stop_supervised!(PriceCache)
    assert :ets.info(:cache_d) == :undefined
  end
end
