defmodule Mix.Tasks.Compile.ElixirScopeNative do
  @moduledoc """
  Builds what `elixir_scope` needs that is written in Rust.

  Two things come out of the workspace this package lives in: the capture
  library (`priv/elixir_scope_nif.so`) and the `elixirscope` command, whose
  place is noted in `priv/elixirscope.path`. The file is required by `mix.exs`,
  so that the compiler exists before the package is compiled.

  Cargo is asked only when a Rust source, `Cargo.toml` or `Cargo.lock` is newer
  than the last build; otherwise this costs a directory walk. What is needed only
  then is in `native_build.exs`: this file is evaluated at every compilation of a
  project that has the package as a path dependency.

    * `ELIXIRSCOPE_BIN=PATH` uses that command, and only the library is built;
    * `ELIXIRSCOPE_PREBUILT=1` takes what is in `priv/` and never runs cargo.
  """
  use Mix.Task.Compiler

  @crates ~w(runtime-lib/wire runtime-lib/nif compiler planner codegen driver trace cli)
  @apart [~c"target", ~c"tests", ~c"snapshots", ~c"benches", ~c"node_modules"]
  @sources [~c"", ~c".rs", ~c".toml", ~c".c", ~c".h", ~c".sql"]

  @impl true
  def run(_args) do
    root = Path.expand("../..", __DIR__)
    library? = File.exists?(priv("elixir_scope_nif.so"))

    cond do
      library? and System.get_env("ELIXIRSCOPE_PREBUILT") in ["1", "true"] -> {:noop, []}
      library? and not File.exists?(root <> "/Cargo.toml") -> {:noop, []}
      library? and fresh?(root, packages()) -> {:noop, []}
      true -> build(root)
    end
  end

  @impl true
  def manifests, do: [priv("native.stamp")]

  @impl true
  def clean do
    # Without a stamp the library was put there by hand.
    if File.exists?(priv("native.stamp")) do
      Enum.each(~w(elixir_scope_nif.so elixirscope.path native.stamp), &File.rm(priv(&1)))
    end
  end

  defp build(root) do
    newest = newest(root)
    Code.require_file("native_build.exs", __DIR__)
    apply(ElixirScope.NativeBuild, :run, [root, priv(""), packages(), newest])
    {:ok, []}
  end

  defp packages do
    if System.get_env("ELIXIRSCOPE_BIN") in [nil, ""],
      do: ["elixirscope-nif", "elixirscope"],
      else: ["elixirscope-nif"]
  end

  # The stamp holds the packages that were built and the newest source time seen
  # before cargo ran, so a source that is saved during the build is built again.
  defp fresh?(root, packages) do
    with {:ok, stamp} <- File.read(priv("native.stamp")),
         [built_at | built] <- String.split(stamp),
         true <- packages -- built == [],
         true <- "elixirscope" not in packages or command?() do
      newest(root) <= String.to_integer(built_at)
    else
      _ -> false
    end
  end

  defp command? do
    match?({:ok, _}, File.read(priv("elixirscope.path"))) and
      File.exists?(File.read!(priv("elixirscope.path")))
  end

  defp newest(root) do
    Enum.reduce(["Cargo.toml", "Cargo.lock" | @crates], 0, &newest(Path.join(root, &1), &2))
  end

  defp newest(path, newest) do
    case :file.read_file_info(path, [:raw, time: :posix]) do
      {:ok, info} when elem(info, 2) == :directory ->
        {:ok, names} = :file.list_dir(path)
        names = for [first | _] = name <- names, first != ?., source?(name), do: name
        Enum.reduce(names, newest, &newest(:filename.join(path, &1), &2))

      {:ok, info} ->
        max(newest, elem(info, 5))

      _ ->
        newest
    end
  end

  # Directories have no extension here; tests and snapshots are no part of the build.
  defp source?(name), do: name not in @apart and :filename.extension(name) in @sources

  defp priv(name), do: Path.join([__DIR__, "priv", name])
end
