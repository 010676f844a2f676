# With a library that panics at node 13: each probe in recordings of its own, whose
# first event it is, or not.
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))

defmodule Panic do
  def call(name, arguments, first?) do
    {:ok, run} = ElixirScope.start_recording(dir: "runs", segment_bytes: 65_536)
    unless first?, do: :scope_probe.bind(1, :first)
    values = for _ <- 1..3, do: apply(:scope_probe, name, [13 | arguments])
    status = ElixirScope.status()
    :ok = ElixirScope.stop_recording()
    {values, status, File.read!(Path.join(run, "run.json"))}
  end
end

for {name, arity} <- ElixirScope.Native.probes(), first? <- [true, false] do
  value = if name == :leave_falsy, do: nil, else: {:value, first?}
  arguments = List.duplicate(value, arity - 1)
  tell.("result", {name, arguments, Panic.call(name, arguments, first?)})
end

# Nobody stops it: the recorder does.
{:ok, run} = ElixirScope.start_recording(dir: "runs")
:scope_probe.branch(13)
Process.sleep(1500)
tell.("swept", {ElixirScope.status(), File.read!(Path.join(run, "run.json"))})

# What the VM tells goes through another function, which panics at a name that is given up.
{:ok, _} = ElixirScope.start_recording(dir: "runs", trace: [:processes])
Process.register(self(), :scope_panic)
Process.unregister(:scope_panic)
status = ElixirScope.status()
:ok = ElixirScope.stop_recording()
tell.("traced", {status, Process.whereis(:scope_panic)})

{:ok, run} = ElixirScope.start_recording(dir: "runs")
:scope_probe.bind(14, :well)
:ok = ElixirScope.stop_recording()
tell.("after", {run, ElixirScope.status()})
