defmodule ElixirScope.Overlay.Loader do
  @moduledoc """
  Puts overlay beams into the running VM, and takes them out again.

  The overlay is never on the code path: modules are loaded by file name, and a
  module that is purged falls back to its clean beam. Old code is purged softly;
  a module whose old code is still in use keeps what it has.
  """

  @doc """
  The file of a module in an overlay.
  """
  @spec beam(Path.t(), module) :: Path.t()
  def beam(overlay, module), do: Path.join(overlay, "#{Atom.to_string(module)}.beam")

  @doc """
  Makes the VM run exactly `wanted` (module to md5) of an overlay.

  Returns the modules that could not be brought up to date.
  """
  @spec sync(Path.t(), %{module => binary}) :: [module]
  def sync(overlay, wanted) do
    loaded = :persistent_term.get({__MODULE__, overlay}, [])
    names = wanted |> Map.keys() |> Enum.sort()

    stuck =
      for module <- loaded,
          not is_map_key(wanted, module),
          ours?(module, overlay),
          not forget(module),
          do: module

    if names != loaded, do: :persistent_term.put({__MODULE__, overlay}, names)

    {present, absent} =
      wanted
      |> Enum.reject(fn {module, md5} -> current?(module, md5, overlay) end)
      |> Enum.map(&elem(&1, 0))
      |> Enum.split_with(&(:erlang.module_loaded(&1) or :erlang.check_old_code(&1)))

    stuck ++ load_all(absent, overlay) ++ Enum.reject(present, &load(&1, overlay))
  end

  @doc """
  Takes a module out of the VM; its clean beam is loaded when it is next called.
  """
  @spec forget(module) :: boolean
  def forget(module) do
    :code.soft_purge(module) and (:code.delete(module) or true) and
      (:code.soft_purge(module) or true)
  end

  # Nothing of these is in the VM: prepared in parallel, put in place at once.
  defp load_all([], _overlay), do: []

  defp load_all(modules, overlay) do
    with beams = for(module <- modules, do: read(module, overlay)),
         false <- nil in beams,
         {:ok, prepared} <- :code.prepare_loading(beams),
         :ok <- :code.finish_loading(prepared) do
      []
    else
      _ -> Enum.reject(modules, &load(&1, overlay))
    end
  end

  defp read(module, overlay) do
    path = beam(overlay, module)

    case File.read(path) do
      {:ok, binary} -> {module, String.to_charlist(path), binary}
      {:error, _} -> nil
    end
  end

  defp load(module, overlay) do
    path = overlay |> beam(module) |> Path.rootname(".beam") |> String.to_charlist()
    :code.soft_purge(module) and match?({:module, _}, :code.load_abs(path))
  end

  defp current?(module, md5, overlay),
    do: ours?(module, overlay) and module.module_info(:md5) == md5

  defp ours?(module, overlay),
    do: :code.is_loaded(module) == {:file, overlay |> beam(module) |> String.to_charlist()}
end
