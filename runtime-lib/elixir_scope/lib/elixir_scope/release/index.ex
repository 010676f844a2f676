defmodule ElixirScope.Release.Index do
  @moduledoc """
  What a release has of probes: `releases/VERSION/elixir_scope/index.term`.

  Each release of one root has an index of its own, beside its boot scripts. An
  entry is an application, its node map with the digest, and its modules, each with
  the md5 of the clean beam and of the one with probes.
  """

  @version 1

  @type entry ::
          {app :: atom, node_map :: String.t(), digest :: String.t(),
           [{module, clean :: binary, probed :: binary}]}
  @type t :: %{folder: Path.t(), name: atom, entries: [entry]}

  @doc "The folder, given that of a release's boot scripts."
  @spec folder(Path.t()) :: Path.t()
  def folder(version_path), do: Path.join(version_path, "elixir_scope")

  @doc "Writes the index."
  @spec write(Path.t(), atom, [entry]) :: :ok
  def write(folder, name, entries) do
    path = file(folder)
    terms = for term <- [{:index, @version, name} | entries], do: :io_lib.format("~tw.~n", [term])
    File.write!(path <> ".tmp", ["%% coding: utf-8\n" | :unicode.characters_to_binary(terms)])
    File.rename!(path <> ".tmp", path)
  end

  @doc """
  The index of the release that runs; `nil` where none runs, or one without probes.
  """
  @spec running() :: {:ok, t | nil} | {:error, String.t()}
  def running do
    with {:ok, boots} <- :init.get_argument(:boot),
         folder when folder != nil <- Enum.find_value(boots, &beside/1) do
      read(folder)
    else
      _ -> {:ok, nil}
    end
  end

  defp beside([boot | _]) do
    path = List.to_string(boot)
    folder = path |> Path.dirname() |> folder()
    if Path.type(path) == :absolute and File.exists?(file(folder)), do: folder
  end

  defp beside([]), do: nil

  defp read(folder) do
    case :file.consult(file(folder)) do
      {:ok, [{:index, @version, name} | entries]} ->
        {:ok, %{folder: folder, name: name, entries: entries}}

      {:ok, _} ->
        {:error,
         "#{file(folder)} is of another version of elixir_scope; assemble the release anew"}

      {:error, reason} ->
        {:error, "cannot read #{file(folder)}: #{:file.format_error(reason)}"}
    end
  end

  defp file(folder), do: Path.join(folder, "index.term")
end
