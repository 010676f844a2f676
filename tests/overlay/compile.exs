# Compiles instrumented sources as the Mix step does, by the step's own compiler.
#
#     elixir tests/overlay/compile.exs ROOT OUT
#
# ROOT holds the originals, OUT what `elixirscope instrument ROOT` wrote. The beams come
# below OUT/overlay. Prints `microseconds NUMBER`; what is refused or fails is an error.

[root, out] = System.argv()
{:ok, report} = :file.consult(Path.join(out, "report.term"))

jobs =
  for {:file, path, :instrumented, _, _, _} <- report do
    %{path: path, source: Path.join(root, path), text: Path.join([out, "src", path])}
  end

settings = %{overlay: Path.join(out, "overlay"), elixirc_options: [], overlay?: fn _ -> true end}
{time, outcomes} = :timer.tc(fn -> ElixirScope.Overlay.Compiler.run(jobs, settings) end)
failed = for {path, outcome} <- outcomes, not match?({:ok, _}, outcome), do: {path, outcome}
for {path, outcome} <- failed, do: IO.puts(:stderr, "#{path}: #{inspect(outcome)}")
if failed != [], do: System.halt(1)
IO.puts("microseconds #{time}")
