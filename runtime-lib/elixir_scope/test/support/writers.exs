defmodule ElixirScope.Test.Writers do
  @moduledoc """
  Processes that call probes without end, in bursts, and count; and whether what
  they counted was recorded.
  """
  import ExUnit.Assertions

  alias ElixirScope.Test.Segments

  defstruct [:calls, :pids]

  @count 4

  @doc "Starts them, linked to the caller."
  def start do
    calls = :atomics.new(@count, [])

    %__MODULE__{
      calls: calls,
      pids: for(n <- 1..@count, do: spawn_link(fn -> write(calls, n, 1) end))
    }
  end

  def stop(writers) do
    for pid <- writers.pids do
      Process.unlink(pid)
      Process.exit(pid, :kill)
    end
  end

  # The node is the writer, the argument its count.
  defp write(calls, writer, n) do
    :ok = :scope_probe.enter(writer, n)
    :atomics.put(calls, writer, n)
    if rem(n, 150) == 0, do: Process.sleep(1)
    write(calls, writer, n + 1)
  end

  @doc "How many calls of each have returned."
  def counts(writers), do: for(n <- 1..@count, do: :atomics.get(writers.calls, n))

  @doc """
  Whether a recording has what was called after the counts were `before` and had
  returned when they were `later`, with nothing missing in between.
  """
  def recorded?(run, before, later) do
    events = for %{kind: :enter} = event <- Segments.events(run), do: event
    seen = Enum.group_by(events, & &1.node, &hd(&1.terms))

    for {writer, {from, to}} <- Enum.zip(1..@count, Enum.zip(before, later)), to >= from + 2 do
      # The call after `from` may have begun before the recording did.
      [first | _] = counted = Map.get(seen, writer, [nil])
      last = List.last(counted)
      first <= from + 2 and last >= to and counted == Enum.to_list(first..last)
    end
    |> Enum.all?()
  end

  @doc "Writes until there is no room, and events are lost; gives how many."
  def fill(n \\ 1) do
    :scope_probe.enter(1, n)
    if rem(n, 1000) == 0 and full?(ElixirScope.status()), do: n, else: fill(n + 1)
  end

  # The recorder, too, may see it first.
  defp full?(status),
    do: not status.recording or (status.failure != nil and status.lost_events > 0)

  @doc """
  Every event that a VM acknowledged (with a line `ack NODE COUNT`) is recorded, in
  the order in which it was written. With `keep: :newest` it may begin later. Gives the number of the last event of each node.
  """
  def check_acknowledged!(run, lines, keep \\ :all) do
    events = if keep == :all, do: Segments.events(run), else: Segments.newest(run)
    recorded = Enum.group_by(events, & &1.node, & &1.terms)

    acknowledged =
      for line <- lines, ["ack", writer, n] <- [String.split(line)] do
        {String.to_integer(writer), String.to_integer(n)}
      end

    for {writer, counts} <- Enum.group_by(acknowledged, &elem(&1, 0), &elem(&1, 1)) do
      events = Map.fetch!(recorded, writer)
      first = if keep == :all, do: 1, else: events |> hd() |> hd()
      expected = for n <- first..(first + length(events) - 1), do: [n, {:größe, n}]
      differ = Enum.find(Enum.zip(events, expected), fn {is, should} -> is != should end)
      assert {differ, lost(run)} == {nil, 0}
      assert events |> List.last() |> hd() >= Enum.max(counts)
    end

    Map.new(recorded, fn {writer, events} -> {writer, events |> List.last() |> hd()} end)
  end

  defp lost(run), do: Enum.sum(for segment <- Segments.segments(run), do: segment.lost_events)
end
