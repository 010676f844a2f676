defmodule ElixirScope.Overlay.Dependencies do
  @moduledoc """
  Probes in dependencies, for those who ask: `deps: [:plug]` or `deps: :all`.

  A dependency is a part of the application that asks: its overlay stands in a
  folder of its own below the application's, `deps/NAME`. The dependency's own
  build, its sources and its lock stay untouched.
  """

  alias ElixirScope.Config
  alias ElixirScope.Overlay.Loader

  @doc """
  Finds the folders of the dependencies that are asked for.

  `paths` are those of all dependencies, `fetched` is the folder of those that Mix
  fetched. The error is a sentence for the user.
  """
  @spec resolve([atom] | :all, %{atom => Path.t()}, Path.t()) ::
          {:ok, [{atom, Path.t()}]} | {:error, String.t()}
  def resolve(:all, paths, fetched) do
    {:ok,
     for {name, path} <- Enum.sort(paths),
         name != :elixir_scope and Path.dirname(path) == fetched and mix?(path) do
       {name, path}
     end}
  end

  def resolve(names, paths, _fetched) do
    case Enum.find_value(names, &wrong(&1, paths)) do
      nil -> {:ok, for(name <- Enum.uniq(names), do: {name, paths[name]})}
      message -> {:error, message}
    end
  end

  defp wrong(:elixir_scope, _paths),
    do: "elixir_scope cannot be one of :deps: its probes would call themselves"

  defp wrong(name, paths) do
    case Map.fetch(paths, name) do
      :error ->
        near = Config.near(name, Map.keys(paths))
        ":deps in elixir_scope of mix.exs names #{inspect(name)}, which is no dependency#{near}"

      {:ok, path} ->
        unless mix?(path),
          do: ":deps in elixir_scope of mix.exs names #{inspect(name)}, which has no mix.exs"
    end
  end

  defp mix?(path), do: File.exists?(Path.join(path, "mix.exs"))

  @doc """
  Describes a dependency as a part of the project that asks for it.
  """
  @spec part(map, {atom, Path.t()}, Path.t()) :: map
  def part(project, {name, path}, build) do
    %{
      project
      | app: name,
        root: path,
        called: called(name),
        out: Path.join(folder(project.out), Atom.to_string(name)),
        ebin: Path.join([build, "lib", Atom.to_string(name), "ebin"]),
        paths: ["lib"],
        elixirc_options: []
    }
  end

  @doc """
  What messages and plans call a dependency's folder, wherever it lies.
  """
  @spec called(atom) :: Path.t()
  def called(name), do: "deps/#{name}"

  @doc """
  Takes the overlays of dependencies out of the VM; those that are not `kept` are
  deleted as well.
  """
  @spec unload(Path.t(), [atom] | :all) :: :ok
  def unload(out, kept) do
    for name <- list(folder(out)), kept == :all or String.to_atom(name) not in kept do
      path = Path.join(folder(out), name)
      Loader.sync(Path.join(path, "overlay"), %{})
      if kept != :all, do: File.rm_rf!(path)
    end

    :ok
  end

  @doc """
  Runs `work` as Mix compiles the dependency: in its folder, in production, and
  with its own project, which a module's body may ask for its version.
  """
  @spec inside(map, (keyword -> result)) :: result when result: var
  def inside(part, work) do
    owner = Mix.Project.config()
    shared = for key <- [:build_path, :deps_path, :lockfile], owner[key], do: {key, owner[key]}
    shared = [deps_path: Mix.Project.deps_path(), build_path: Mix.Project.build_path()] ++ shared
    env = Mix.env()
    Mix.env(:prod)

    try do
      Mix.Project.in_project(part.app, part.root, Enum.uniq_by(shared, &elem(&1, 0)), fn _ ->
        work.(Mix.Project.config()[:elixirc_options] || [])
      end)
    after
      Mix.env(env)
    end
  end

  defp folder(out), do: Path.join(out, "deps")

  defp list(folder) do
    case File.ls(folder) do
      {:ok, names} -> Enum.sort(names)
      {:error, _} -> []
    end
  end
end
