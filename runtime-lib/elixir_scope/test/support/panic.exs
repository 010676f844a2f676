# With a library that panics at node 13 before it does anything, and at node 11 when the
# event is written, but not published: each probe in recordings of its own, whose first
# event it is, or not.
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))

defmodule Panic do
  def call(name, arguments, first?) do
    {:ok, run} =
      ElixirScope.start_recording(dir: "runs", runs: [keep: 200], segment_bytes: 65_536)

    unless first?, do: :scope_probe.bind(1, :first)
    values = for _ <- 1..3, do: apply(:scope_probe, name, arguments)
    status = ElixirScope.status()
    :ok = ElixirScope.stop_recording()
    {run, values, status, File.read!(Path.join(run, "run.json"))}
  end

  @doc "A process does all that the VM tells of, after `node` has ordered a panic."
  def told(node) do
    all = [:messages, :processes, :garbage_collection, :scheduling]
    {:ok, run} = ElixirScope.start_recording(dir: "runs", runs: [keep: 200], trace: all)
    :scope_probe.branch(node)
    {:ok, told} = Task.yield(Task.async(&everything/0), 5000)
    eventually(fn -> not ElixirScope.status().recording end)
    status = ElixirScope.status()
    :ok = ElixirScope.stop_recording()
    {run, told, status, File.read!(Path.join(run, "run.json"))}
  end

  defp everything do
    parent = self()
    Process.register(self(), :scope_panic)
    Process.unregister(:scope_panic)
    child = spawn_link(fn -> send(parent, {self(), receive(do: (message -> message))}) end)
    send(child, :hello)
    answer = receive do: ({^child, message} -> message)
    Process.unlink(child)
    :erlang.garbage_collect()
    Process.sleep(1)
    {answer, Process.whereis(:scope_panic)}
  end

  def eventually(condition), do: condition.() || (Process.sleep(5) && eventually(condition))
end

for node <- [13, 11], {name, arity} <- ElixirScope.Native.probes(), first? <- [true, false] do
  value = if name == :leave_falsy, do: nil, else: {:value, first?}
  # A mark's node is none that the caller chooses, but it is one.
  arguments = [node | List.duplicate(value, arity - 1)]
  tell.("result", {name, arguments, Panic.call(name, arguments, first?)})
end

# What the VM tells, by the kinds of records, goes through another function.
for kind <- 32..43, do: tell.("told", Panic.told(100 + kind))

# The thread that prepares segments.
{:ok, run} = ElixirScope.start_recording(dir: "runs", runs: [keep: 200])
:scope_probe.branch(99)
Panic.eventually(fn -> not ElixirScope.status().recording end)
helper = ElixirScope.status()
ElixirScope.stop_recording()
tell.("helper", {run, helper, File.read!(Path.join(run, "run.json"))})

# Nobody stops it: the recorder does.
{:ok, run} = ElixirScope.start_recording(dir: "runs", runs: [keep: 200])
:scope_probe.branch(13)
Process.sleep(1500)
tell.("swept", {ElixirScope.status(), File.read!(Path.join(run, "run.json"))})

{:ok, run} = ElixirScope.start_recording(dir: "runs", runs: [keep: 200])
:scope_probe.bind(14, :well)
:ok = ElixirScope.stop_recording()
tell.("after", {run, ElixirScope.status()})
