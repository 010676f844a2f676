# Judges instrumented sources by Elixir's own parser and compiler.
#
#     elixir tests/erasure/judge.exs CODE OUT PACKAGE WHOLE...
#
# CODE holds the originals, OUT what `elixirscope instrument` wrote of them, PACKAGE the
# beams of the Elixir package. Below the folders WHOLE every file must compile, so that
# nothing there goes unjudged for want of a module.
#
# For each file with probes: without them it is the original, and it compiles without a
# new warning, where the original compiles by itself. (There may be fewer: a variable that
# a probe reads is used.) Prints a line for each file that fails, which begins with one of
#
#     law        without its probes the text is not the original
#     error      the original compiles, the instrumented text does not
#     warning    a warning that the original does not have
#     original   a file below WHOLE that does not compile as it is
#
# then a line `refused PATH` for each refused file that Elixir's parser accepts, and lines
# `count NAME NUMBER`. Exit status 1 if a file failed.

defmodule Judge do
  alias ElixirScope.Overlay.Erasure

  # What a file's compilation may take before it is ended, in milliseconds.
  @patience 120_000

  @wrong [:law, :error, :warning, :original]
  @system [:elixir, :eex, :ex_unit, :iex, :logger, :mix]

  def run([code, out | whole]) do
    hold_system()
    Code.compiler_options(ignore_module_conflict: true)
    {:ok, _} = Application.ensure_all_started(:ex_unit)
    # A compilation that crashes ends itself only.
    Process.flag(:trap_exit, true)
    {:ok, report} = :file.consult(Path.join(out, "report.term"))
    probed = for {:file, path, :instrumented, _, _, _} <- report, do: path

    found =
      Enum.flat_map(probed, &judge(&1, code, out, Enum.any?(whole, fn f -> below?(&1, f) end)))

    wrong = for {kind, text} <- found, kind in @wrong, do: "#{kind} #{text}"
    Enum.each(wrong, &IO.puts/1)
    sum_up(report, found, code)
    if wrong != [], do: System.halt(1)
  end

  defp sum_up(report, found, code) do
    parses? = &match?({:ok, _}, Code.string_to_quoted(File.read!(Path.join(code, &1))))
    refused = for {:diagnostic, path, _, _, _} <- report, parses?.(path), uniq: true, do: path
    for path <- refused, do: IO.puts("refused #{path}")
    count("files", Enum.count(for {:file, path, _, _, _, _} <- report, parses?.(path), do: path))
    count("instrumented", Enum.count(report, &match?({:file, _, :instrumented, _, _, _}, &1)))
    count("compiled", Enum.count(found, &match?({:fine, _}, &1)))
    count("lost", Enum.count(found, &match?({:lost, _}, &1)))
    probes = for {:probe, counts} <- found, {probe, n} <- counts, do: {probe, n}

    for {probe, all} <- probes |> Enum.group_by(&elem(&1, 0), &elem(&1, 1)) |> Enum.sort(),
        do: count("probe #{probe}", Enum.sum(all))
  end

  defp count(what, number), do: IO.puts("count #{what} #{number}")
  defp below?(path, folder), do: String.starts_with?(path, folder <> "/")

  # A list of findings.
  defp judge(path, code, out, whole?) do
    file = Path.join(code, path)
    {original, text} = {File.read!(file), File.read!(Path.join([out, "src", path]))}

    case Erasure.check(original, text, file) do
      {:ok, probed} ->
        clean = Code.string_to_quoted!(original, file: file)

        [
          {:probe, probes(probed)}
          | compare(path, compile(clean, file), fn -> compile(probed, file) end, whole?)
        ]

      {:refused, line, message} ->
        [{:law, "#{path}:#{line}: #{message}"}]
    end
  end

  defp compare(path, {:error, message}, _probed, true), do: [{:original, "#{path}: #{message}"}]
  defp compare(_path, {:error, _}, _probed, false), do: [{:alone, nil}]

  defp compare(path, {:ok, clean}, probed, _whole?) do
    case probed.() do
      {:error, message} ->
        [{:error, "#{path}: #{message}"}]

      {:ok, probed} ->
        [{:fine, nil}] ++
          for(warning <- probed -- clean, do: {:warning, "#{path}: #{warning}"}) ++
          for(_ <- clean -- probed, do: {:lost, nil})
    end
  end

  defp probes(term) do
    {_, counts} =
      Macro.prewalk(term, %{}, fn
        {{:., _, [:scope_probe, probe]}, _, _} = call, counts ->
          {call, Map.update(counts, probe, 1, &(&1 + 1))}

        other, counts ->
          {other, counts}
      end)

    counts
  end

  # Both sides as the Mix step compiles: a term, under the path of the original, which is
  # how diagnostics, `__DIR__` and `@external_resource` come out the same.
  defp compile(term, file) do
    before = MapSet.new(:code.all_loaded(), &elem(&1, 0))
    task = Task.async(fn -> ExUnit.CaptureIO.with_io(:stderr, fn -> attempt(term, file) end) end)
    result = Task.yield(task, @patience) || Task.shutdown(task, :brutal_kill)
    forget(before)

    case result do
      {:ok, {:ok, said}} -> {:ok, warnings(said)}
      {:ok, {{:error, message}, _said}} -> {:error, message}
      other -> {:error, "no end: #{inspect(other)}"}
    end
  end

  # What they say, and where: some quote code too, and so the probes in it. From 1.15 on
  # they have columns, which probes move.
  defp warnings(said) do
    place = ~r/^\s+(?:└─ )?(\S+:\d+)(?::\d+)?(: .*|)$/u

    said
    |> String.split("\n")
    |> Enum.filter(&(&1 =~ ~r/^\s*warning: / or &1 =~ place))
    |> Enum.map(&Regex.replace(place, &1, "  \\1\\2"))
    |> Enum.sort()
  end

  defp attempt(term, file) do
    Code.compile_quoted(term, file)
    :ok
  catch
    kind, reason -> {:error, Exception.format_banner(kind, reason, __STACKTRACE__)}
  end

  # What one file defined must not help another, nor its other side.
  defp forget(before) do
    for {module, _} <- :code.all_loaded(),
        module not in before,
        :code.is_loaded(module) == {:file, []} do
      :code.purge(module)
      :code.delete(module)
      :code.purge(module)
    end
  end

  # Compiling a module loads it. The system's own modules, which this script, the compiler
  # and the macros of the files run on, are in sticky folders: the code server compiles on
  # but keeps what is loaded. It says so for each module, to the logger.
  defp hold_system do
    :logger.set_primary_config(:level, :none)

    for app <- @system do
      ebin = app |> :code.lib_dir() |> List.to_string() |> Path.join("ebin")

      for beam <- Path.wildcard(ebin <> "/*.beam"),
          do: beam |> Path.basename(".beam") |> String.to_atom() |> Code.ensure_loaded()

      :ok = ebin |> String.to_charlist() |> :code.stick_dir()
    end
  end
end

[code, out, package | whole] = System.argv()
Code.append_path(package)
Judge.run([code, out | whole])
