# Two processes write events and acknowledge each one that is written; with a number
# as argument, the VM aborts after so many; with `newest`, little is kept.
arguments = tl(System.argv())
stop = Enum.find_value(arguments, &(&1 =~ ~r/^\d+$/ && String.to_integer(&1)))
kept = if "newest" in arguments, do: [keep: :newest, max_bytes: 1_000_000], else: []

{:ok, run} = ElixirScope.start_recording([dir: "runs", segment_bytes: 256 * 1024] ++ kept)
IO.puts("run " <> run)

write = fn write, id, n ->
  :scope_probe.enter(id, n, {:größe, n})
  IO.puts("ack #{id} #{n}")
  if n == stop, do: :erlang.halt(:abort)
  # Not faster than a busy machine makes segments: nothing may be lost.
  if rem(n, 10) == 0, do: Process.sleep(1)
  write.(write, id, n + 1)
end

for id <- 1..2, do: spawn(fn -> write.(write, id, 1) end)
# The test ends the VM long before; it must not stay when the test is gone.
Process.sleep(60_000)
