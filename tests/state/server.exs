# Changes a state while it is recorded: `server.exs RUNS LOG UPDATES KEEP`.
#
# LOG gets, for each change, its number and the two times between which its version was
# told, by clocks around the debug function that tells it: lines that were written before
# the VM was killed are there.
Code.require_file("updates.exs", __DIR__)

defmodule Server do
  use GenServer

  def init(log) do
    Process.put(:log, File.open!(log, [:write, :raw]))
    {:ok, Updates.start()}
  end

  def handle_call({:change, n}, _from, state), do: {:reply, :ok, Updates.change(state, n)}
  def handle_call(:size, _from, state), do: {:reply, :erlang.external_size(state), state}

  # The debug function that is installed last runs first.
  def observe(server) do
    :sys.install(server, {:after, &after_version/3, nil})
    :ok = ElixirScope.enable_time_travel(server)
    :sys.install(server, {:before, &before_version/3, nil})
  end

  def before_version(_, {:out, :ok, _, _}, _), do: Process.put(:before, :os.perf_counter())
  def before_version(memory, _, _), do: memory

  def after_version(memory, {:out, :ok, _, state}, _) do
    line = "#{state.updates} #{Process.get(:before)} #{:os.perf_counter()}\n"
    :ok = :file.write(Process.get(:log), line)
    memory
  end

  def after_version(memory, _, _), do: memory
end

[runs, log, updates, keep] = System.argv()
options = if keep == "newest", do: [keep: :newest, max_bytes: 16_000_000], else: []
{:ok, server} = GenServer.start(Server, log, name: :observed)
# Each state is asked for: a machine that is busy must not lower the detail.
{:ok, run} = ElixirScope.start_recording([dir: runs, budget: false] ++ options)
IO.puts("run #{run}\nvm #{System.pid()}")
before = ElixirScope.status().bytes
Server.observe(server)
size = GenServer.call(server, :size)

for n <- 1..String.to_integer(updates) do
  :ok = GenServer.call(server, {:change, n})
  # Now and then the state stays for a while, so that there are moments to ask for.
  if rem(n, 10) == 0, do: Process.sleep(1)
  if rem(n, 100) == 0, do: IO.puts("ack #{n}")
end

GenServer.call(server, :size)
IO.puts("size #{size}\nwritten #{ElixirScope.status().bytes - before}")
ElixirScope.stop_recording()
