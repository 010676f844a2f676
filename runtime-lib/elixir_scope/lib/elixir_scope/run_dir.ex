defmodule ElixirScope.RunDir do
  @moduledoc """
  The folder of one recording: `run.json`, copies of the node maps, segments.

  `wire::run` (in Rust) describes `run.json`. Every file is written under another
  name first and then renamed, so a reader never sees half of one.
  """

  @enforce_keys [:path, :id, :started_ns, :app, :keep]
  defstruct [:path, :id, :started_ns, :app, :keep, maps: %{}, failure: nil]

  @typedoc "`maps` has the file of each digest."
  @type t :: %__MODULE__{
          path: Path.t(),
          id: <<_::128>>,
          started_ns: integer,
          app: String.t(),
          keep: :all | :newest,
          maps: %{String.t() => String.t()},
          failure: String.t() | nil
        }

  @doc """
  Makes a new folder below `parent`, named after the time.
  """
  @spec create(Path.t(), String.t(), :all | :newest) :: {:ok, t} | {:error, String.t()}
  def create(parent, app, keep) do
    id = :rand.bytes(16)
    now = System.os_time(:nanosecond)
    stamp = now |> DateTime.from_unix!(:nanosecond) |> Calendar.strftime("%Y%m%d-%H%M%S")
    name = stamp <> "-" <> Base.encode16(binary_part(id, 0, 3), case: :lower)
    path = Path.join(parent, name)
    run = %__MODULE__{path: path, id: id, started_ns: now, app: app, keep: keep}

    case File.mkdir_p(run.path) do
      :ok -> write(run)
      {:error, reason} -> {:error, "cannot make #{run.path}: #{:file.format_error(reason)}"}
    end
  end

  @doc """
  Copies a node map into the folder, unless the same one is there.
  """
  @spec add_map(t, Path.t()) :: {:ok, t} | {:error, String.t()}
  def add_map(run, map) do
    with {:ok, content} <- read(map),
         {:ok, digest} <- digest(content, map) do
      if is_map_key(run.maps, digest), do: {:ok, run}, else: copy(run, digest, content)
    end
  end

  defp copy(run, digest, content) do
    file = "nodes-#{digest}.esmap"

    with :ok <- put(run, file, content),
         do: write(%{run | maps: Map.put(run.maps, digest, file)})
  end

  @doc "The node maps that the folder has."
  @spec maps(t) :: [Path.t()]
  def maps(run), do: for({_digest, file} <- Enum.sort(run.maps), do: Path.join(run.path, file))

  @doc """
  Writes `run.json`.
  """
  @spec write(t) :: {:ok, t} | {:error, String.t()}
  def write(run) do
    with :ok <- put(run, "run.json", json(run)), do: {:ok, run}
  end

  defp read(map) do
    with {:error, reason} <- File.read(map),
         do: {:error, "cannot read the node map #{map}: #{:file.format_error(reason)}"}
  end

  # `wire::map`: the digest stands in bytes 32 to 47 of the header.
  defp digest(
         <<"ESCOPE", 0x1A, "M", _::binary-size(24), digest::binary-size(16), _::binary>>,
         _map
       ),
       do: {:ok, Base.encode16(digest, case: :lower)}

  defp digest(_content, map),
    do: {:error, "#{map} is no node map; compile the project again"}

  defp put(run, file, content) do
    path = Path.join(run.path, file)
    temporary = path <> ".tmp"

    with :ok <- File.write(temporary, content),
         :ok <- File.rename(temporary, path) do
      :ok
    else
      {:error, reason} ->
        File.rm(temporary)
        {:error, "cannot write #{path}: #{:file.format_error(reason)}"}
    end
  end

  defp json(run) do
    maps =
      for {digest, file} <- Enum.sort(run.maps),
          do: object([{"file", string(file)}, {"digest", string(digest)}])

    object([
      {"format", "1"},
      {"id", string(Base.encode16(run.id, case: :lower))},
      {"started_ns", to_string(run.started_ns)},
      {"os_pid", System.pid()},
      {"otp", string(System.otp_release())},
      {"elixir", string(System.version())},
      {"app", string(run.app)},
      {"keep", string(Atom.to_string(run.keep))},
      {"maps", "[" <> Enum.join(maps, ",") <> "]"},
      {"failure", if(run.failure, do: string(run.failure), else: "null")}
    ]) <> "\n"
  end

  defp object(pairs),
    do:
      "{" <> Enum.map_join(pairs, ",", fn {key, value} -> string(key) <> ":" <> value end) <> "}"

  # Control characters, quotes and backslashes need an escape (RFC 8259, section 7).
  defp string(text) do
    escaped =
      for <<char::utf8 <- String.replace(text, ~r/[^\P{C}]/u, " ")>>, into: "" do
        if char in [?", ?\\], do: <<?\\, char>>, else: <<char::utf8>>
      end

    "\"" <> escaped <> "\""
  end
end
