defmodule ElixirScope.Release do
  @moduledoc """
  Probes in a `mix release`, for those who ask by name.

      releases: [
        shop: [steps: [:assemble, &ElixirScope.Release.instrument/1]]
      ]

  Nothing else is needed: the dependency stays `runtime: false`, and neither
  `:compilers` nor `:envs` has to name production. The step puts three things into
  the release: this application with its capture library, the beams with probes,
  and the node map. They lie there. The release boots the clean beams, and runs
  nothing else until somebody switches recording on:

      ELIXIRSCOPE_RECORD=1 bin/shop start
      bin/shop rpc 'IO.inspect(ElixirScope.start_recording())'
      bin/shop rpc 'ElixirScope.stop_recording()'

  Then the beams with probes replace the clean ones, without stopping a process.
  They stay after the recording ends, with probes that are constants, until
  `unload/0` or the next start of the node.

  The folder of recordings is `ELIXIRSCOPE_DIR`, else `.elixir_scope/runs` below the
  folder that the node was started in. They are read with `elixirscope trace`, on any
  machine: a release does not carry that command.

  The capture library is that of the machine the release is assembled on.
  """

  alias ElixirScope.Config
  alias ElixirScope.Overlay.Step
  alias ElixirScope.Release.{Boot, Index}

  @library "elixir_scope_nif.so"

  @doc """
  The release step; it stands behind `:assemble`.

  It raises where the release would not be what was asked for: no command, no
  library, no probe. With `enabled: false` or `ELIXIRSCOPE_ENABLED=0` it says so and
  leaves the release as it is.
  """
  @spec instrument(Mix.Release.t()) :: Mix.Release.t()
  def instrument(release) do
    if :assemble in release.steps,
      do: refuse("it stands before :assemble in :steps of the release; put it behind")

    case overlays(release) do
      [] ->
        say(
          release,
          :yellow,
          "* skipping ",
          "elixir_scope: it is turned off, there are no probes"
        )

        release

      parts ->
        if Enum.all?(parts, &(&1.modules == [])), do: refuse("no module got a probe")
        release = ship(release, parts)
        count = parts |> Enum.map(&length(&1.modules)) |> Enum.sum()

        say(release, :green, "* adding ", "probes for #{count} modules, off until switched on")
        release
    end
  end

  @doc """
  Gives the clean beams back to a node whose recording is over.

  Returns the modules that could not be exchanged, since a process runs old code
  of theirs: try again later.
  """
  @spec unload() :: [module]
  defdelegate unload, to: ElixirScope.Release.Overlays

  defp ship(release, parts) do
    release = Boot.include(release)
    folder = Index.folder(release.version_path)
    File.rm_rf!(folder)

    entries =
      for part <- parts do
        {name, digest} = part.node_map
        target = Path.join(folder, Atom.to_string(part.app))
        File.mkdir_p!(target)
        File.cp!(Path.join(part.out, name), Path.join(target, name))
        Mix.Release.copy_ebin(release, part.overlay, Path.join(target, "overlay"))
        modules = for {module, md5} <- part.modules, do: {module, clean(part, module), md5}
        {part.app, name, digest, modules}
      end

    Index.write(folder, release.name, entries)
    library(release)
    release
  end

  defp clean(part, module) do
    path = Path.join(part.ebin, "#{module}.beam")

    case File.read(path) do
      {:ok, beam} -> :code.module_md5(beam)
      {:error, reason} -> refuse("cannot read #{path}: #{:file.format_error(reason)}")
    end
  end

  # The rest of `priv` says where things lie on this machine.
  defp library(release) do
    properties = release.applications.elixir_scope
    target = Path.join(release.path, "lib/elixir_scope-#{properties[:vsn]}/priv")
    source = Path.join([properties[:path], "priv", @library])
    File.rm_rf!(target)
    File.mkdir_p!(target)

    with {:error, reason} <- File.cp(source, Path.join(target, @library)) do
      refuse(
        "the capture library #{source} cannot be read (#{:file.format_error(reason)}); " <>
          "run `mix deps.compile elixir_scope --force`"
      )
    end
  end

  # In an umbrella, those applications get probes that name the compiler.
  defp overlays(release) do
    case Mix.Project.apps_paths() do
      nil ->
        built()

      paths ->
        shipped = for {app, path} <- Enum.sort(paths), release.applications[app], do: {app, path}
        asked = Enum.flat_map(shipped, fn {app, path} -> child(app, path) end)

        if asked == [],
          do: refuse("no application of the release has :elixir_scope in its :compilers")

        Enum.concat(asked)
    end
  end

  defp child(app, path) do
    Mix.Project.in_project(app, path, [], fn _ ->
      if :elixir_scope in (Mix.Project.config()[:compilers] || []), do: [built()], else: []
    end)
  end

  # Whoever names the step in a release wants probes in its environment.
  defp built do
    asked = Keyword.put(Mix.Project.config()[:elixir_scope] || [], :envs, [Mix.env()])

    with {:ok, %{active?: true} = config} <- Config.read([elixir_scope: asked], Mix.env()),
         {:ok, project} <- Step.project(config, []),
         {:ok, parts} <- Step.overlays(project) do
      parts
    else
      {:ok, %{active?: false}} -> []
      {:error, message} -> refuse(message)
    end
  end

  defp say(release, color, what, text) do
    unless release.options[:quiet], do: Mix.shell().info([color, what, :reset, text])
  end

  @spec refuse(String.t()) :: no_return
  defp refuse(why), do: Mix.raise("ElixirScope.Release.instrument/1: " <> why)
end
