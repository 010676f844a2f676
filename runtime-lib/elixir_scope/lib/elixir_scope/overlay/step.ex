defmodule ElixirScope.Overlay.Step do
  @moduledoc """
  What happens after the user's `:elixir` compiler, start to end.

  Instrument, check, compile what is stale, load, and start recording if that was
  asked for. Nothing here can fail the user's build: whatever goes wrong becomes
  a warning, and the code that is concerned runs clean.
  """

  alias ElixirScope.Config
  alias ElixirScope.Overlay.{Command, Compiler, Loader, Manifest, Recording}
  alias Mix.Task.Compiler.Diagnostic

  @type project :: %{
          app: atom,
          root: Path.t(),
          out: Path.t(),
          ebin: Path.t(),
          paths: [Path.t()],
          elixirc_options: keyword,
          config: Config.t(),
          tell_all?: boolean,
          command: pid | nil
        }
  @type result :: {Mix.Task.Compiler.status(), [Diagnostic.t()]}

  @doc """
  Describes the project Mix is compiling.
  """
  @spec project(Config.t(), [String.t()]) :: project
  def project(config, args) do
    mix = Mix.Project.config()
    app = Keyword.fetch!(mix, :app)

    %{
      app: app,
      root: File.cwd!(),
      out: out(app),
      ebin: Mix.Project.compile_path(mix),
      paths: Keyword.fetch!(mix, :elixirc_paths),
      elixirc_options: Keyword.get(mix, :elixirc_options, []),
      config: config,
      tell_all?: "--all-warnings" in args,
      command: nil
    }
  end

  @doc """
  Starts instrumenting while the user's compilers run.

  The command reads sources and nothing that they build, so it need not wait,
  unless a compiler of the project's own may still be writing sources.

  It is an agent and no task: a task's reply and its monitor's message would lie
  in the mailbox of the process that runs Elixir's parallel compiler, which takes
  every `:DOWN` it finds for the end of one of its files.
  """
  @spec start(project, [atom]) :: project
  def start(%{config: %{active?: true}} = project, compilers) do
    if compilers -- [:elixir_scope | Mix.compilers()] == [] do
      {:ok, agent} = Agent.start(fn -> nil end)
      Agent.cast(agent, fn _ -> instrument(project) end)
      %{project | command: agent}
    else
      project
    end
  end

  def start(project, _compilers), do: project

  @doc """
  Where everything of an application's overlay is kept.
  """
  @spec out(atom) :: Path.t()
  def out(app), do: Path.join([Mix.Project.build_path(), "elixir_scope", Atom.to_string(app)])

  @doc """
  The file the step remembers its last run in.
  """
  @spec manifest(Path.t()) :: Path.t()
  def manifest(out), do: Path.join(out, "overlay.manifest")

  @doc """
  Runs the step on the result of the user's compilation.
  """
  @spec run(result, project) :: result
  def run({:error, _} = result, project) do
    # The next compilation's command must not meet this one's.
    if project.command, do: instrumented(project)
    result
  end

  def run({status, diagnostics} = result, %{config: %{active?: true}} = project) do
    {status, diagnostics ++ overlay(status, project)}
  catch
    kind, reason ->
      banner = Exception.format_banner(kind, reason, __STACKTRACE__)
      tell("the step failed and the build goes on without probes: " <> banner)
      unload(project)
      result
  end

  def run(result, project) do
    unload(project)
    result
  end

  defp overlay(status, project) do
    with {:ok, report} <- instrumented(project),
         :ok <- probes_can_run() do
      build(status, report, project)
    else
      {:error, message} ->
        tell("the build goes on without probes: " <> message)
        unload(project)
        [diagnostic({"mix.exs", 0, :warning, message}, project)]
    end
  end

  defp instrumented(%{command: nil} = project), do: instrument(project)

  defp instrumented(%{command: agent}) do
    report = Agent.get(agent, & &1, :infinity)
    Agent.stop(agent)
    report
  catch
    :exit, reason -> {:error, Exception.format_exit(reason)}
  end

  defp instrument(project) do
    Command.instrument(project.root, project.out, project.app, project.paths)
  rescue
    error -> {:error, Exception.message(error)}
  end

  defp build(status, report, project) do
    path = manifest(project.out)
    old = Manifest.read(path, key(project))
    files = for file <- report.files, probed?(file, project), do: file

    {fresh, stale} =
      Enum.split_with(files, fn file ->
        Manifest.fresh?(old.files[file.path], file, project.ebin, status == :ok)
      end)

    kept = for file <- fresh, do: {file.path, Manifest.settle(old.files[file.path])}
    {kept, lost} = Enum.split_with(kept, &complete?(&1, overlay_dir(project)))
    stale = stale ++ for {path, _} <- lost, do: Enum.find(files, &(&1.path == path))

    remove_beams(old, kept, project)

    outcomes =
      stale |> Enum.map(&job(&1, project)) |> Compiler.run(settings(project)) |> Map.new()

    compiled =
      for file <- stale,
          outcome = outcomes[file.path],
          not match?({:deferred, _}, outcome),
          do: {file.path, Manifest.entry(file, outcome, project.ebin)}

    new = %Manifest{key: old.key, files: Map.new(kept ++ compiled)}
    found = report.diagnostics ++ Enum.sort(outcome_diagnostics(new))
    new = %{new | told: found}

    for one <- found, project.tell_all? or one not in old.told, do: tell(one)
    if new != old, do: Manifest.write(new, path)

    deferred = for {_, {:deferred, modules}} <- outcomes, module <- modules, do: module
    wanted = for {_, entry} <- new.files, pair <- Manifest.overlay(entry), into: %{}, do: pair
    tell_stuck(deferred ++ Loader.sync(project.app, overlay_dir(project), wanted))
    Recording.ensure(project.app, report.node_map, project.out)

    Enum.map(found, &diagnostic(&1, project))
  end

  # What the beams depend on beside the texts.
  defp key(project) do
    version = Application.spec(:elixir_scope, :vsn)
    exclude = project.config.exclude

    {System.version(), System.otp_release(), version, project.ebin, project.elixirc_options,
     exclude}
  end

  defp probed?(file, project),
    do: file.status == :instrumented and not Config.excluded?(project.config, file.path)

  # A beam may have been deleted by hand.
  defp complete?({_path, %{outcome: {:ok, _}} = entry}, overlay) do
    Enum.all?(Manifest.overlay(entry), fn {module, _} ->
      File.exists?(Loader.beam(overlay, module))
    end)
  end

  defp complete?(_kept, _overlay), do: true

  defp remove_beams(old, kept, project) do
    kept = for {_, entry} <- kept, {module, _} <- Manifest.overlay(entry), do: module

    if map_size(old.files) == 0 do
      # No manifest, or one of another compiler: whatever lies there is unknown.
      if kept == [], do: File.rm_rf!(overlay_dir(project))
    else
      for {_, entry} <- old.files,
          {module, _} <- Manifest.overlay(entry),
          module not in kept,
          do: File.rm(Loader.beam(overlay_dir(project), module))
    end
  end

  defp job(file, project) do
    %{
      path: file.path,
      source: Path.expand(file.path, project.root),
      text: Path.join([project.out, "src", file.path])
    }
  end

  defp settings(project) do
    %{
      overlay: overlay_dir(project),
      elixirc_options: project.elixirc_options,
      overlay?: &(not Config.excluded?(project.config, &1))
    }
  end

  defp overlay_dir(project), do: Path.join(project.out, "overlay")

  defp outcome_diagnostics(manifest) do
    Enum.flat_map(manifest.files, fn
      {path, %{outcome: {:refused, line, message}}} ->
        [{path, line, :warning, "runs without probes: #{message}"}]

      {path, %{outcome: {:failed, line, message}}} ->
        text = "runs without probes, since its instrumented text does not compile: #{message}"
        [{path, line, :warning, text}]

      _ ->
        []
    end)
  end

  defp diagnostic({path, line, severity, message}, project) do
    %Diagnostic{
      file: Path.expand(path, project.root),
      severity: severity,
      message: message,
      position: line,
      compiler_name: "elixir_scope"
    }
  end

  # An overlay beam calls `:scope_probe` on every line: without it nothing runs.
  defp probes_can_run do
    if Code.ensure_loaded?(:scope_probe),
      do: :ok,
      else: {:error, "the module :scope_probe cannot be loaded"}
  end

  defp unload(project), do: Loader.sync(project.app, overlay_dir(project), %{})

  defp tell_stuck([]), do: :ok

  defp tell_stuck(modules) do
    names = modules |> Enum.uniq() |> Enum.map_join(", ", &inspect/1)
    tell("a process still runs old code of #{names}: probes there wait for the next compilation")
  end

  defp tell({path, 0, severity, message}), do: tell(severity, "#{path}: #{message}")
  defp tell({path, line, severity, message}), do: tell(severity, "#{path}:#{line}: #{message}")
  defp tell(message), do: tell(:warning, "elixir_scope: " <> message)

  defp tell(severity, text) do
    color = if severity == :warning, do: :yellow, else: :cyan
    IO.puts(:stderr, IO.ANSI.format([color, "#{severity}: ", :reset, text]))
  end
end
