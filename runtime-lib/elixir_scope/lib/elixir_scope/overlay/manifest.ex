defmodule ElixirScope.Overlay.Manifest do
  @moduledoc """
  What the step remembers between two compilations of a project.

  For each file with probes: the hashes of both texts, how checking and compiling
  them went, and what the clean beams looked like then. A clean beam is written
  by the user's compilation whenever its source, or anything that source needs at
  compile time, has changed; so a newer clean beam makes an overlay beam stale,
  and no dependency has to be tracked twice.
  """

  alias ElixirScope.Overlay.{Compiler, Report}

  @version 1

  defmodule Entry do
    @moduledoc """
    One file with probes.
    """
    @enforce_keys [:original, :instrumented, :outcome, :clean, :at]
    defstruct [:original, :instrumented, :outcome, :clean, :at]

    @type t :: %__MODULE__{
            original: String.t(),
            instrumented: String.t(),
            outcome: ElixirScope.Overlay.Compiler.outcome(),
            clean: [{module, mtime :: integer, size :: integer, md5 :: binary}],
            at: integer
          }
  end

  defstruct key: nil, files: %{}, told: []

  @type t :: %__MODULE__{
          key: term,
          files: %{String.t() => Entry.t()},
          told: [Report.diagnostic()]
        }

  @doc """
  Reads a manifest; one that was made under another `key` counts as empty.
  """
  @spec read(Path.t(), term) :: t
  def read(path, key) do
    with {:ok, binary} <- File.read(path),
         {@version, %__MODULE__{key: ^key} = manifest} <- decode(binary) do
      manifest
    else
      _ -> %__MODULE__{key: key}
    end
  end

  @doc """
  Writes a manifest.
  """
  @spec write(t, Path.t()) :: :ok
  def write(manifest, path) do
    File.write!(path <> ".tmp", :erlang.term_to_binary({@version, manifest}))
    File.rename!(path <> ".tmp", path)
  end

  @doc """
  Makes the entry for a file that has just been compiled.
  """
  @spec entry(Report.File.t(), Compiler.outcome(), Path.t()) :: Entry.t()
  def entry(file, outcome, ebin) do
    %Entry{
      original: file.original,
      instrumented: file.instrumented,
      outcome: outcome,
      clean: for(module <- modules(outcome), do: clean(ebin, module)),
      at: System.os_time(:second)
    }
  end

  @doc """
  Tells whether an entry still holds. `recompiled?` says that the user's
  compilation did something, after which a file that failed is tried again.
  """
  @spec fresh?(Entry.t() | nil, Report.File.t(), Path.t(), boolean) :: boolean
  def fresh?(nil, _file, _ebin, _recompiled?), do: false

  def fresh?(entry, file, ebin, recompiled?) do
    entry.original == file.original and entry.instrumented == file.instrumented and
      case entry.outcome do
        {:failed, _, _} -> not recompiled?
        _ -> Enum.all?(entry.clean, &unchanged?(&1, entry.at, ebin))
      end
  end

  @doc """
  Dates a fresh entry anew if it was made too soon after its clean beams.
  """
  @spec settle(Entry.t()) :: Entry.t()
  def settle(entry) do
    if Enum.any?(entry.clean, fn {_, mtime, _, _} -> mtime + 1 >= entry.at end),
      do: %{entry | at: System.os_time(:second)},
      else: entry
  end

  @doc """
  The modules of an entry that have a beam in the overlay, with their md5.
  """
  @spec overlay(Entry.t()) :: [{module, binary}]
  def overlay(%Entry{outcome: {:ok, compiled}}),
    do: for(%{overlay?: true} = one <- compiled, do: {one.module, one.md5})

  def overlay(%Entry{}), do: []

  defp modules({:ok, compiled}), do: Enum.map(compiled, & &1.module)
  defp modules(_), do: []

  # Times are whole seconds. A beam written in the second we looked at it may
  # have been written again since, so only then its content is compared.
  defp unchanged?({module, mtime, size, md5}, at, ebin) do
    path = path(ebin, module)

    stat(path) == {mtime, size} and (mtime + 1 < at or content(path) == md5)
  end

  defp clean(ebin, module) do
    path = path(ebin, module)
    {mtime, size} = stat(path)
    {module, mtime, size, content(path)}
  end

  defp stat(path) do
    case :file.read_file_info(path, [:raw, time: :posix]) do
      {:ok, info} -> {elem(info, 5), elem(info, 1)}
      {:error, _} -> {0, 0}
    end
  end

  defp content(path) do
    case File.read(path) do
      {:ok, binary} -> :erlang.md5(binary)
      {:error, _} -> <<>>
    end
  end

  defp path(ebin, module), do: "#{ebin}/#{module}.beam"

  defp decode(binary) do
    :erlang.binary_to_term(binary)
  rescue
    ArgumentError -> nil
  end
end
