for file <- ~w(segments terms capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.PairsTest do
  # There is one recording in a VM, and one tracer before OTP 27.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Reader

  @processes 10
  @batons 5
  @rounds div(String.to_integer(System.get_env("RING_MESSAGES", "10000")), @processes * @batons)

  # Batons go around a ring, several at a time, which say nothing but how far they have to
  # go: so what is sent is often equal to what was sent before it.
  defp ring do
    parent = self()
    pids = for _ <- 1..@processes, do: spawn(fn -> link_of_ring(parent) end)
    for {pid, next} <- Enum.zip(pids, tl(pids) ++ [hd(pids)]), do: send(pid, {:next, next})
    for _ <- 1..@batons, do: send(hd(pids), {:baton, @rounds * @processes})
    for _ <- 1..@batons, do: receive(do: (:done -> :ok))
    for pid <- pids, do: send(pid, :stop)
    pids
  end

  defp link_of_ring(parent), do: receive(do: ({:next, next} -> pass(next, parent)))

  defp pass(next, parent) do
    receive do
      {:baton, 1} -> send(parent, :done)
      {:baton, left} -> send(next, {:baton, left - 1})
      :stop -> exit(:normal)
    end

    pass(next, parent)
  end

  # From whom to whom, and what is sent there, in order: nobody overtakes in a ring.
  defp expected(pids) do
    hops = Enum.zip([self() | pids], pids) |> tl()
    first = {{self(), hd(pids)}, List.duplicate(@rounds * @processes, @batons)}
    back = {List.last(pids), hd(pids)}

    rest =
      for {{_, to} = hop, at} <- Enum.with_index(hops ++ [back], 1) do
        lefts = for round <- 0..(@rounds - 1), do: @rounds * @processes - round * @processes - at
        {if(hop == back, do: back, else: {Enum.at(pids, at - 1), to}), repeated(lefts)}
      end

    Map.new([first | rest])
  end

  defp repeated(lefts),
    do: Enum.flat_map(lefts, &if(&1 > 0, do: List.duplicate(&1, @batons), else: []))

  @line ~r/'event' => (\d+).*'kind' => <<"(send|receive)".*'other_end' => (\d+|nil).*'peer' => <<"([^"]*)".*'pid' => <<"([^"]*)".*'value' => <<"\{:baton, (\d+)\}"/

  # The messages of batons as the reader has them, by their events.
  defp messages(run) do
    options = ["--messages", "--format", "term", "--limit", "1"]
    {:ok, text} = Reader.show([run: run], options)

    for line <- String.split(text, "\n"), [_ | found] <- [Regex.run(@line, line)] do
      [event, kind, other, peer, pid, left] = found
      other = if other == "nil", do: nil, else: String.to_integer(other)
      {kind, String.to_integer(event), other, pid, peer, String.to_integer(left)}
    end
  end

  @tag timeout: 300_000
  test "every message of a ring is paired with its sender, in order", %{dir: dir} do
    {:ok, run} = ElixirScope.start_recording(dir: dir, trace: [:messages])
    pids = ring()
    :ok = ElixirScope.stop_recording()
    assert %{lost_events: 0} = ElixirScope.status()
    messages = messages(run)
    assert length(messages) == 2 * @processes * @batons * @rounds

    sends =
      for {"send", at, other, from, to, left} <- messages, do: {{from, to}, {at, other, left}}

    receives =
      for {"receive", at, other, to, from, left} <- messages, do: {{from, to}, {at, other, left}}

    [sent, received] =
      for ends <- [sends, receives], do: Enum.group_by(ends, &elem(&1, 0), &elem(&1, 1))

    expected =
      for {{from, to}, lefts} <- expected(pids),
          into: %{},
          do: {{inspect(from), inspect(to)}, lefts}

    lefts = &Map.new(&1, fn {way, ends} -> {way, Enum.map(ends, fn {_, _, left} -> left end)} end)
    assert lefts.(sent) == expected
    assert lefts.(received) == expected

    # What is sent n-th on a way is received n-th there, and each names the other.
    for {way, ends} <- sent, {send, receive} <- Enum.zip(ends, received[way]) do
      {{sent_at, send_other, _}, {received_at, receive_other, _}} = {send, receive}
      assert {send_other, receive_other} == {received_at, sent_at} and sent_at < received_at
    end
  end
end
