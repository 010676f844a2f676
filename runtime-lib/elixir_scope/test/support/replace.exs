# The module of the library is replaced while a recording runs, twice: the second
# time the code that has the library goes.
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))

replace = fn ->
  :code.purge(ElixirScope.Native)
  {:module, _} = :code.load_file(ElixirScope.Native)
end

for times <- 1..2 do
  {:ok, _} = ElixirScope.start_recording(dir: "runs")
  :scope_probe.bind(1, :before)
  for _ <- 1..times, do: replace.()
  tell.("probes", [:scope_probe.enter(1, 2), :scope_probe.leave(1), :scope_probe.bind(1, 3)])
  tell.("stopped", ElixirScope.stop_recording())
end

{:ok, run} = ElixirScope.start_recording(dir: "runs")
:scope_probe.bind(1, :again)
:ok = ElixirScope.stop_recording()
tell.("run", run)
