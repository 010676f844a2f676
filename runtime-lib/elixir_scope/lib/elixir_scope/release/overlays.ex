defmodule ElixirScope.Release.Overlays do
  @moduledoc """
  Loads the beams with probes of a release when recording is switched on.

  A beam takes the place of the clean one that it was made from, and of no other:
  a module that was patched in the running node stays as it is.
  """

  alias ElixirScope.Overlay.{Loader, Recording}
  alias ElixirScope.Release.Index

  @doc """
  Loads what the release has, if a release runs; more than once does no harm.

  A release that was assembled without probes is an error, as there would be
  nothing to record.
  """
  @spec load() :: :ok | {:error, String.t()}
  def load do
    with {:ok, index} when index != nil <- Index.running() do
      alone(fn -> Enum.each(index.entries, &load(&1, index.folder)) end)
    else
      {:ok, nil} -> if release?(), do: {:error, without()}, else: :ok
      {:error, _} = error -> error
    end
  end

  @doc "The name of the release that runs, if it has probes."
  @spec name() :: atom | nil
  def name do
    with {:ok, index} when index != nil <- Index.running(), do: index.name, else: (_ -> nil)
  end

  @doc "Starts recording if this is a release, and `ELIXIRSCOPE_RECORD=1`."
  @spec record_if_asked() :: :ok
  def record_if_asked do
    if release?() and Recording.asked?(), do: Recording.start(name() || :unnamed)
    :ok
  end

  @doc "See `ElixirScope.Release.unload/0`."
  @spec unload() :: [module]
  def unload do
    case Index.running() do
      {:ok, index} when index != nil ->
        alone(fn -> for entry <- index.entries, module <- unload(entry), do: module end)

      _ ->
        []
    end
  end

  # `bin/NAME` sets it.
  defp release?, do: System.get_env("RELEASE_ROOT") != nil

  defp without do
    "this release has no probes: put &ElixirScope.Release.instrument/1 behind :assemble in its " <>
      ":steps, and assemble it anew"
  end

  defp alone(work), do: :global.trans({__MODULE__, self()}, work, [node()])

  defp load({app, node_map, digest, modules}, folder) do
    folder = Path.join(folder, Atom.to_string(app))
    {ours, patched} = Enum.split_with(modules, &ours?/1)
    wanted = for {module, _clean, probed} <- ours, into: %{}, do: {module, probed}
    stuck = Loader.sync(Path.join(folder, "overlay"), wanted)

    tell(stuck, "a process still runs their old code")
    tell(for({module, _, _} <- patched, do: module), "the code that runs is not the release's")
    Recording.note(Path.join(folder, node_map), digest)
  end

  # In interactive mode a module that was not called yet is not there.
  defp ours?({module, clean, probed}),
    do: not :erlang.module_loaded(module) or module.module_info(:md5) in [clean, probed]

  # Nothing is ever deleted: an embedded node would not load it again.
  defp unload({_app, _node_map, _digest, modules}) do
    for {module, _clean, probed} <- modules,
        :erlang.module_loaded(module) and module.module_info(:md5) == probed,
        not (:code.soft_purge(module) and match?({:module, _}, :code.load_file(module))),
        do: module
  end

  defp tell([], _why), do: :ok

  defp tell(modules, why) do
    names = modules |> Enum.sort() |> Enum.map_join(", ", &inspect/1)
    IO.puts(:stderr, "warning: elixir_scope: without probes, since #{why}: #{names}")
  end
end
