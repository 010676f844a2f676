defmodule ElixirScope.Overlay.Compiler do
  @moduledoc """
  The shadow compilation: instrumented texts under their originals' paths.

  It runs after the user's own compilation, so every module a text refers to
  exists, and the files can be compiled in any order and in parallel. Only
  modules that contain a probe get a beam in the overlay. What is compiled by
  the way, macro modules and protocols for example, is forgotten again, so that
  its clean beam is loaded when it is called next.

  Compiler tracers are off meanwhile: a project's tracer, and so `mix xref`, sees
  each file once, clean.
  """

  alias ElixirScope.Overlay.{Erasure, Loader, Quiet}

  @type job :: %{path: String.t(), source: Path.t(), text: Path.t()}
  @type settings :: %{
          :overlay => Path.t(),
          :elixirc_options => keyword,
          :overlay? => (module -> boolean),
          optional(:sink) => module
        }
  @type compiled :: %{module: module, md5: binary, overlay?: boolean}
  @type outcome ::
          {:ok, [compiled]}
          | {:refused, non_neg_integer, String.t()}
          | {:failed, non_neg_integer, String.t()}
          | {:deferred, [module]}

  @doc """
  Compiles the jobs and says for each path how it went.

  `sink` is the module whose functions are the probes, `:scope_probe` unless named.
  """
  @spec run([job], settings) :: [{String.t(), outcome}]
  def run([], _settings), do: []

  def run(jobs, settings) do
    File.mkdir_p!(settings.overlay)
    {deferred, jobs} = Enum.split_with(with_old_code(jobs), fn {_job, held} -> held != [] end)
    jobs = Enum.map(jobs, &elem(&1, 0))
    previous = put_options(settings.elixirc_options)

    outcomes =
      try do
        Quiet.around(&in_parallel(jobs, settings, &1))
      after
        put_options(previous)
        Code.purge_compiler_modules()
      end

    forget_by_products(jobs, outcomes)
    for({job, held} <- deferred, do: {job.path, {:deferred, held}}) ++ outcomes
  end

  # Compiling a module loads it, and loading purges its old code, which kills a
  # process that still runs it. `recompile` leaves such a process alone, so do we:
  # the file waits for the next compilation.
  defp with_old_code(jobs) do
    held =
      for {module, file} <- :code.all_loaded(),
          is_list(file),
          :erlang.check_old_code(module),
          source = source(module),
          not :code.soft_purge(module),
          do: {source, module}

    for job <- jobs, do: {job, for({source, module} <- held, source == job.source, do: module)}
  end

  defp in_parallel(jobs, settings, sink) do
    {:ok, supervisor} = Task.Supervisor.start_link()

    try do
      supervisor
      |> Task.Supervisor.async_stream_nolink(jobs, &compile(&1, settings, sink),
        max_concurrency: System.schedulers_online(),
        timeout: :infinity
      )
      |> Enum.zip_with(jobs, fn
        {:ok, outcome}, job -> {job.path, outcome}
        {:exit, reason}, job -> {job.path, {:failed, 0, Exception.format_exit(reason)}}
      end)
    after
      Supervisor.stop(supervisor)
    end
  end

  defp compile(job, settings, sink) do
    {outcome, hidden} =
      Quiet.task(sink, fn ->
        with {:ok, original} <- read(job.source),
             {:ok, text} <- read(job.text),
             options = [sink: sink(settings)] ++ Code.get_compiler_option(:parser_options),
             {:ok, term} <- Erasure.check(original, text, job.source, options) do
          compile_term(term, job.source, settings)
        end
      end)

    with {:failed, line, _} <- outcome,
         {_, logged, message} <- Enum.find(hidden, &(elem(&1, 0) == :error)) do
      {:failed, if(logged > 0, do: logged, else: line), message}
    else
      _ -> outcome
    end
  end

  defp read(path) do
    with {:error, reason} <- File.read(path),
         do: {:failed, 0, "cannot read #{path}: #{:file.format_error(reason)}"}
  end

  # An absolute path, which is what Mix's own compiler is given: `__ENV__.file`,
  # stack traces and `module_info(:compile)` come out the same.
  defp compile_term(term, source, settings) do
    {:ok, term |> Code.compile_quoted(source) |> Enum.map(&write(&1, settings))}
  catch
    kind, reason ->
      {:failed, failed_line(reason, source, __STACKTRACE__), failed(kind, reason, __STACKTRACE__)}
  end

  defp failed(:error, reason, stack) do
    case Exception.normalize(:error, reason, stack) do
      %{description: description} when is_binary(description) -> description
      exception -> Exception.message(exception)
    end
  end

  defp failed(kind, reason, stack), do: Exception.format_banner(kind, reason, stack)

  defp failed_line(%{line: line}, _source, _stack) when is_integer(line), do: line

  defp failed_line(_reason, source, stack) do
    Enum.find_value(stack, 0, fn {_, _, _, location} ->
      file = location |> Keyword.get(:file, []) |> List.to_string() |> Path.expand()
      if file == source, do: location[:line]
    end)
  end

  defp write({module, beam}, settings) do
    overlay? = settings.overlay?.(module) and probed?(beam, sink(settings))

    if overlay? do
      path = Loader.beam(settings.overlay, module)
      File.write!(path <> ".tmp", beam)
      File.rename!(path <> ".tmp", path)
    end

    %{module: module, md5: :code.module_md5(beam), overlay?: overlay?}
  end

  # A protocol stays clean: consolidation replaces its module.
  defp probed?(beam, sink) do
    {:ok, {_, [imports: imports, exports: exports]}} =
      :beam_lib.chunks(beam, [:imports, :exports])

    List.keymember?(imports, sink, 0) and {:__protocol__, 1} not in exports
  end

  defp sink(settings), do: Map.get(settings, :sink, :scope_probe)

  # Everything that is in memory only and comes from one of our files, whether
  # its compilation was finished or not.
  defp forget_by_products(jobs, outcomes) do
    kept = for {_, {:ok, all}} <- outcomes, %{overlay?: true, module: name} <- all, do: name
    sources = MapSet.new(jobs, & &1.source)

    for {module, []} <- :code.all_loaded(),
        module not in kept,
        source = source(module),
        source in sources,
        do: Loader.forget(module)

    :ok
  end

  defp source(module) do
    with true <- function_exported?(module, :module_info, 1),
         source when is_list(source) <- module.module_info(:compile)[:source] do
      List.to_string(source)
    else
      _ -> nil
    end
  end

  defp put_options(options) do
    ours = [
      ignore_module_conflict: true,
      no_warn_undefined: :all,
      tracers: [],
      warnings_as_errors: false
    ]

    known = Code.available_compiler_options()

    # What is restored comes as a map and is taken as it is.
    wanted = if is_map(options), do: options, else: Keyword.merge(options, ours)

    for {key, value} <- wanted, key in known, into: %{} do
      previous = Code.get_compiler_option(key)
      Code.put_compiler_option(key, value)
      {key, previous}
    end
  end
end
