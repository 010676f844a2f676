# Compiles the originals of those sources that have probes, as Mix does.
#
#     elixir tests/overlay/compile_clean.exs ROOT OUT
#
# As compile.exs; the beams come below OUT/clean.

[root, out] = System.argv()
{:ok, report} = :file.consult(Path.join(out, "report.term"))
files = for {:file, path, :instrumented, _, _, _} <- report, do: Path.join(root, path)
beams = Path.join(out, "clean")
File.mkdir_p!(beams)
compile = fn -> Kernel.ParallelCompiler.compile_to_path(files, beams) end
{time, {:ok, _, _}} = :timer.tc(compile)
IO.puts("microseconds #{time}")
