# What bench/sustained.exs has recorded.

defmodule Bench.Load do
  @moduledoc false
  # What programs do, with the probes that instrumented code has.

  @doc "What there is to do, without end: names and functions."
  def works do
    [
      {"a loop that rests", &hot/0},
      {"short-lived processes", fn -> processes(0) end},
      {"calls of a GenServer", &clients/0},
      {"terms that are cut", &terms/0},
      {"binaries", &binaries/0},
      {"exceptions", &failures/0},
      {"a heart that beats", fn -> beat(1) end}
    ]
  end

  # Numbered, so that a gap shows: its frames are read back.
  defp beat(n) do
    :scope_probe.enter(1, n)
    :scope_probe.leave(1, n)
    Process.sleep(1)
    beat(n + 1)
  end

  # Many that live shortly.
  defp processes(n) do
    for m <- 1..20 do
      spawn(fn ->
        :scope_probe.enter(2, n, m)
        :scope_probe.branch(3)
        :scope_probe.leave(2, {:ok, m})
      end)
    end

    Process.sleep(10)
    processes(n + 1)
  end

  defp clients do
    {:ok, server} = GenServer.start_link(Bench.Load.Server, %{})
    for n <- 1..4, do: spawn_link(fn -> calls(server, n, 0) end)
    Process.sleep(:infinity)
  end

  defp calls(server, client, n) do
    for m <- 1..10, do: GenServer.call(server, {:put, {client, rem(n, 100)}, %{count: m, at: n}})
    Process.sleep(5)
    calls(server, client, n + 1)
  end

  # More than a record takes, so that it is cut.
  defp terms do
    big = for n <- 1..500, into: %{}, do: {n, %{name: "item #{n}", tags: [:a, :b, n]}}

    for _ <- 1..5 do
      :scope_probe.enter(4, big)
      :scope_probe.bind(5, Map.keys(big))
      :scope_probe.leave(4, big)
    end

    Process.sleep(10)
    terms()
  end

  defp binaries do
    appended =
      Enum.reduce(1..200, <<>>, fn byte, all ->
        :scope_probe.bind(6, <<all::binary, byte>>)
      end)

    :scope_probe.enter(7, :binary.copy(appended, 500))
    Process.sleep(5)
    binaries()
  end

  defp failures do
    for n <- 1..20 do
      try do
        :scope_probe.enter(8, n)
        raise ArgumentError, "number #{n}"
      rescue
        error -> :scope_probe.caught(8, :error, error, __STACKTRACE__)
      end
    end

    Process.sleep(20)
    failures()
  end

  # A loop that is nothing but probes, and rests.
  defp hot do
    turns(30_000)
    Process.sleep(100)
    hot()
  end

  defp turns(0), do: :ok

  defp turns(n) do
    :scope_probe.enter(9, n, :turn)
    :scope_probe.tail(9)
    turns(n - 1)
  end
end

defmodule Bench.Load.Server do
  @moduledoc false
  use GenServer

  def init(state), do: {:ok, state}

  def handle_call({:put, key, value} = request, _from, state) do
    :scope_probe.enter(10, request, map_size(state))
    state = Map.put(state, key, value)
    :scope_probe.leave(10, {:reply, :ok, state})
  end
end
