# With a library in which a probe at node 98 has the level set to off behind the next time
# stamp of its thread: what that stamp was taken for must not be written.

defmodule Stamps do
  @doc "Writes an event at this level, and others behind the order; gives run and process."
  def run(level, write) do
    options = [dir: "runs", runs: [keep: 200], segment_bytes: 65_536, trace: [:messages]]
    {:ok, run} = ElixirScope.start_recording(options)
    :values = ElixirScope.Native.set_detail(level, :test)

    # The stamp is the thread's: this process runs on one.
    pid =
      :erlang.spawn_opt(
        fn ->
          :scope_probe.branch(1)
          :scope_probe.branch(98)
          write.()
        end,
        scheduler: 1
      )

    monitor = Process.monitor(pid)
    receive do: ({:DOWN, ^monitor, _, _, _} -> :ok)
    :ok = ElixirScope.stop_recording()
    {run, pid}
  end
end

cases = [
  values: fn -> :scope_probe.enter(5, :argument) end,
  values: fn -> send(self(), :message) end,
  branches: fn -> :scope_probe.branch(5) end
]

# One event in 64 is timed, and takes a stamp for that; it may be the order.
for _ <- 1..10, {level, write} <- cases do
  result = {level, Stamps.run(level, write)}
  IO.puts("result " <> Base.encode64(:erlang.term_to_binary(result)))
end
