# Compiles the originals of those sources that have probes, as Mix does.
#
#     elixir tests/overlay/compile_clean.exs ROOT OUT
#
# As compile.exs; the beams come below OUT/clean. The project's own beams are on the code
# path, as they are when the step compiles.

[root, out] = System.argv()
{:ok, report} = :file.consult(Path.join(out, "report.term"))
files = for {:file, path, :instrumented, _, _, _} <- report, do: Path.join(root, path)
beams = Path.join(out, "clean")
File.mkdir_p!(beams)
Code.compiler_options(ignore_module_conflict: true)
compile = fn -> Kernel.ParallelCompiler.compile_to_path(files, beams) end
{time, {:ok, _, _}} = :timer.tc(compile)
IO.puts("microseconds #{time}")
