# A program that records itself and comes to harm: `cargo xtask check crash` runs it.
#
#   elixir -pa EBIN program.exs DIR KEEP MAX_BYTES WHAT [ARGUMENT]
#
# An event is `{WRITER, N, N * 7919 + WRITER, PADDING}` in a mark `:w`. `ack WRITER FROM
# TO` says that these events were published: their probes have returned, and the count of
# lost events is what it was before. Nothing is said of events that were lost.
defmodule Program do
  @most 3_800
  @padding String.duplicate("x", @most)
  # Not faster than a busy machine makes segments.
  @batch 10

  def event(writer, n) do
    padding = binary_part(@padding, 0, rem(n * 37, @most))
    :ok = ElixirScope.mark(:w, {writer, n, n * 7919 + writer, padding})
  end

  @doc "Writes for ever; `then` is called with the number of each event."
  def write(writer, n \\ 1, then) do
    lost = lost()

    for n <- n..(n + @batch - 1) do
      event(writer, n)
      then.(n)
    end

    acknowledge(writer, n, n + @batch - 1, lost)
    Process.sleep(1)
    write(writer, n + @batch, then)
  end

  # Without a recording, no event is published.
  def lost do
    case ElixirScope.status() do
      %{recording: true, lost_events: lost} -> lost
      _ -> :none
    end
  end

  def acknowledge(writer, from, to, lost) do
    if lost != :none and lost() == lost, do: IO.puts("ack #{writer} #{from} #{to}")
  end

  @doc "Two writers, the first of which calls `then`."
  def writers(then \\ fn _ -> :ok end) do
    nothing = fn _ -> :ok end
    for {writer, then} <- [{1, then}, {2, nothing}], do: spawn_link(fn -> write(writer, then) end)
  end

  @doc "10 000 processes that are there at the same time, each writing five events."
  def many do
    parent = self()
    one = fn writer -> for(n <- 1..5, do: step(writer, n, parent)) end
    pids = for writer <- 1..10_000, do: spawn_link(fn -> one.(writer) end)
    rounds(pids, lost())
  end

  defp step(writer, n, parent) do
    receive do: (:go -> event(writer, n))
    send(parent, {writer, n})
  end

  defp rounds(pids, lost) do
    for _ <- 1..5, some <- Enum.chunk_every(pids, 100) do
      for pid <- some, do: send(pid, :go)
      written = for _ <- some, do: receive(do: ({writer, n} -> "ack #{writer} #{n} #{n}\n"))
      if lost() == lost, do: IO.write(written)
    end
  end

  @doc "Writers that are killed wherever they are, one after the other."
  def victims(writer \\ 1) do
    done = :atomics.new(1, [])
    lost = lost()
    {victim, monitor} = spawn_monitor(fn -> busy(writer, 1, done) end)
    for _ <- 1..:rand.uniform(3000), do: :erlang.md5("a moment")
    Process.exit(victim, :kill)
    receive do: ({:DOWN, ^monitor, _, _, _} -> :ok)
    if :atomics.get(done, 1) > 0, do: acknowledge(writer, 1, :atomics.get(done, 1), lost)
    victims(writer + 1)
  end

  defp busy(writer, n, done) do
    event(writer, n)
    :atomics.put(done, 1, n)
    if rem(n, 20) == 0, do: Process.sleep(1)
    busy(writer, n + 1, done)
  end

  @doc "Takes memory until there is none."
  def devour(taken \\ []), do: devour([:binary.copy("memory", 1_000_000) | taken])

  @doc """
  What the recording says of itself once it has failed, or a while after `enough`
  events; the program runs on.
  """
  def outcome(enough, left \\ 100) do
    status = ElixirScope.status()

    if not status.recording or left == 0 do
      event(3, 1)
      text = status.failure || "none"
      IO.puts("status #{status.events} #{status.lost_events} #{text}")
    else
      Process.sleep(10)
      outcome(enough, if(status.events > enough, do: left - 1, else: left))
    end
  end
end

defmodule Program.Fault do
  def load(library), do: :erlang.load_nif(String.to_charlist(library), 0)
  def fault, do: :erlang.nif_error(:not_loaded)
end

[dir, keep, max_bytes, what | arguments] = System.argv()
IO.puts("vm #{System.pid()}")
at = fn argument, action -> &if(&1 == String.to_integer(argument), do: action.()) end

options = [
  dir: dir,
  keep: if(keep == "newest", do: :newest, else: :all),
  max_bytes: String.to_integer(max_bytes),
  segment_bytes: 64 * 1024,
  binary_bytes: 32_768,
  payload_bytes: 32_768,
  # A budget would leave events out, and say so, where the disk is nearly full.
  budget: false
]

case ElixirScope.start_recording(options) do
  {:ok, run} -> IO.puts("run #{run}")
  {:error, reason} -> IO.puts("refused #{reason}")
end

case {what, arguments} do
  {"write", []} ->
    Program.writers()
    Process.sleep(:infinity)

  {"abort", [n]} ->
    Program.writers(at.(n, fn -> :erlang.halt(:abort) end))
    Process.sleep(:infinity)

  {"fault", [n, library]} ->
    :ok = Program.Fault.load(library)
    Program.writers(at.(n, fn -> Program.Fault.fault() end))
    Process.sleep(:infinity)

  {"memory", [n]} ->
    Program.writers(at.(n, fn -> spawn(fn -> Program.devour() end) end))
    Process.sleep(:infinity)

  {"many", []} ->
    Program.many()
    Process.sleep(:infinity)

  {"victims", []} ->
    Program.victims()

  {"outcome", [enough]} ->
    Program.writers()
    Program.outcome(String.to_integer(enough))
    System.halt(0)
end
