defmodule ElixirScope.Overlay.Step do
  @moduledoc """
  What happens after the user's `:elixir` compiler, start to end.

  Instrument, check, compile what is stale, load, and start recording if that was
  asked for. Nothing here can fail the user's build: whatever goes wrong becomes
  a warning, and the code that is concerned runs clean.
  """

  alias ElixirScope.Config
  alias ElixirScope.Overlay.{Command, Compiler, Dependencies, Loader, Manifest, Recording}
  alias Mix.Task.Compiler.Diagnostic

  @type project :: %{
          app: atom,
          home: Path.t(),
          root: Path.t(),
          called: Path.t() | nil,
          out: Path.t(),
          ebin: Path.t(),
          paths: [Path.t()],
          elixirc_options: keyword,
          config: Config.t(),
          tell_all?: boolean,
          dependencies: [project],
          command: pid | nil
        }
  @type part :: %{
          app: atom,
          out: Path.t(),
          ebin: Path.t(),
          overlay: Path.t(),
          modules: [{module, md5 :: binary}],
          node_map: {name :: String.t(), digest :: String.t()}
        }
  @type result :: {Mix.Task.Compiler.status(), [Diagnostic.t()]}

  @doc """
  Describes the project Mix is compiling.

  The dependencies that get probes too are projects of the same kind, with another
  `root`; `called` is what messages call that folder.
  """
  @spec project(Config.t(), [String.t()]) :: {:ok, project} | {:error, String.t()}
  def project(config, args) do
    with {:ok, dependencies} <- dependencies(config) do
      project = describe(config, args)
      build = Mix.Project.build_path()
      parts = Enum.map(dependencies, &Dependencies.part(project, &1, build))
      {:ok, %{project | dependencies: parts}}
    end
  end

  # Reading all of them takes a while: only for those who ask.
  defp dependencies(%{active?: active?, deps: deps}) when deps == [] or not active?,
    do: {:ok, []}

  defp dependencies(%{deps: deps}),
    do: Dependencies.resolve(deps, Mix.Project.deps_paths(), Mix.Project.deps_path())

  defp describe(config, args) do
    mix = Mix.Project.config()
    app = Keyword.fetch!(mix, :app)

    %{
      app: app,
      home: File.cwd!(),
      root: File.cwd!(),
      called: nil,
      out: out(app),
      ebin: Mix.Project.compile_path(mix),
      paths: Keyword.fetch!(mix, :elixirc_paths),
      elixirc_options: Keyword.get(mix, :elixirc_options, []),
      config: config,
      tell_all?: "--all-warnings" in args,
      dependencies: [],
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
      Agent.cast(agent, fn _ -> instrument_all(project) end)
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
    reports = instrumented(project)

    case probes_can_run(project.config) do
      :ok ->
        Dependencies.unload(project.out, Enum.map(project.dependencies, & &1.app))
        Enum.flat_map(reports, fn {part, report} -> overlay(status, part, report) end)

      {:error, message} ->
        unload(project)
        give_up("the build", message, project)
    end
  end

  # The project's own compilation says nothing about a dependency's.
  defp overlay(_status, %{called: called} = part, {:ok, report}) when called != nil,
    do: build(:noop, report, part)

  defp overlay(status, project, {:ok, report}), do: build(status, report, project)

  defp overlay(_status, part, {:error, message}) do
    Loader.sync(overlay_dir(part), %{})
    give_up(part.called || "the build", message, part)
  end

  defp give_up(what, message, project) do
    tell("#{what} goes on without probes: " <> message)
    [diagnostic({"mix.exs", 0, :warning, message}, %{project | called: nil})]
  end

  defp instrumented(%{command: nil} = project), do: instrument_all(project)

  defp instrumented(%{command: agent} = project) do
    report = Agent.get(agent, & &1, :infinity)
    Agent.stop(agent)
    report
  catch
    :exit, reason -> [{project, {:error, Exception.format_exit(reason)}}]
  end

  defp instrument_all(project) do
    [project | project.dependencies]
    |> Task.async_stream(&{&1, instrument(&1)}, timeout: :infinity)
    |> Enum.map(fn {:ok, result} -> result end)
  end

  defp instrument(project) do
    called = if project.called, do: ["--as", project.called], else: []
    paths = Enum.flat_map(project.paths, &["--path", &1])
    arguments = paths ++ called ++ Config.arguments(project.config)
    Command.instrument(project.root, project.out, project.app, arguments, project.home)
  rescue
    error -> {:error, Exception.message(error)}
  end

  @doc """
  Brings the overlays of a project and of the dependencies it names up to date, for
  somebody who ships them. None of them stays in this VM.
  """
  @spec overlays(project) :: {:ok, [part]} | {:error, String.t()}
  def overlays(project) do
    Enum.reduce_while(Enum.reverse(instrument_all(project)), {:ok, []}, fn
      {part, {:ok, report}}, {:ok, parts} -> {:cont, {:ok, [shipped(part, report) | parts]}}
      {part, {:error, why}}, _ -> {:halt, {:error, "#{part.called || "the project"}: #{why}"}}
    end)
  end

  defp shipped(part, report) do
    {manifest, deferred, _found} = refresh(:noop, report, part)
    tell_stuck(deferred)
    modules = for {_, entry} <- manifest.files, pair <- Manifest.overlay(entry), do: pair
    for {module, _} <- modules, do: Loader.forget(module)

    %{
      app: part.app,
      out: part.out,
      ebin: part.ebin,
      overlay: overlay_dir(part),
      modules: Enum.sort(modules),
      node_map: report.node_map
    }
  end

  defp build(status, report, project) do
    {manifest, deferred, found} = refresh(status, report, project)

    wanted =
      for {_, entry} <- manifest.files, pair <- Manifest.overlay(entry), into: %{}, do: pair

    tell_stuck(deferred ++ Loader.sync(overlay_dir(project), wanted))
    Recording.redact(project.app, project.config.redact)
    Recording.ensure(project.app, report.node_map, project.out)
    Enum.map(found, &diagnostic(&1, project))
  end

  # Compiles what is stale: the new manifest, the modules that have to wait, and
  # what there is to say.
  defp refresh(status, report, project) do
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

    outcomes = stale |> Enum.map(&job(&1, project)) |> compile(project) |> Map.new()

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
    {new, deferred, found}
  end

  # What the beams depend on beside the texts.
  defp key(project) do
    version = Application.spec(:elixir_scope, :vsn)
    %{exclude: exclude, probe_module: sink} = project.config

    {System.version(), System.otp_release(), version, project.ebin, project.elixirc_options,
     exclude, sink}
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
      source: source(file.path, project),
      text: Path.join([project.out, "src", file.path])
    }
  end

  defp source(path, %{called: nil, root: root}), do: Path.expand(path, root)

  defp source(path, %{called: called, root: root}),
    do: path |> Path.relative_to(called) |> Path.expand(root)

  defp compile([], _project), do: []

  defp compile(jobs, %{called: nil} = project),
    do: Compiler.run(jobs, settings(project, project.elixirc_options))

  defp compile(jobs, part),
    do: Dependencies.inside(part, &Compiler.run(jobs, settings(part, &1)))

  defp settings(project, elixirc_options) do
    %{
      overlay: overlay_dir(project),
      elixirc_options: elixirc_options,
      sink: project.config.probe_module,
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
      file: source(path, project),
      severity: severity,
      message: message,
      position: line,
      compiler_name: "elixir_scope"
    }
  end

  # An overlay beam calls it on every line: without it nothing runs.
  defp probes_can_run(%{probe_module: sink}) do
    if Code.ensure_loaded?(sink),
      do: :ok,
      else: {:error, "the module #{inspect(sink)}, which probes call, cannot be loaded"}
  end

  defp unload(project) do
    Dependencies.unload(project.out, :all)
    Loader.sync(overlay_dir(project), %{})
  end

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
