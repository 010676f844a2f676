defmodule ElixirScope.Overlay.Report do
  @moduledoc """
  What `elixirscope instrument --format term` says about the files of a project.

  The file is a list of Erlang terms. Terms
  that this version does not know are skipped, so a newer command may say more.
  """

  defmodule File do
    @moduledoc """
    One source file: its path in the project and the hashes of both its texts.
    """
    @enforce_keys [:path, :status, :original, :instrumented, :probes]
    defstruct [:path, :status, :original, :instrumented, :probes]

    @type t :: %__MODULE__{
            path: String.t(),
            status: :instrumented | :clean,
            original: String.t(),
            instrumented: String.t(),
            probes: non_neg_integer
          }
  end

  @version 1

  defstruct files: [], diagnostics: [], node_map: nil

  @type diagnostic :: {String.t(), non_neg_integer, atom, String.t()}
  @type t :: %__MODULE__{
          files: [File.t()],
          diagnostics: [diagnostic],
          node_map: {String.t(), String.t()} | nil
        }

  @doc """
  Reads a report.
  """
  @spec read(Path.t()) :: {:ok, t} | {:error, String.t()}
  def read(path) do
    case :file.consult(path) do
      {:ok, terms} ->
        parse(terms)

      {:error, reason} ->
        {:error, "cannot read #{path}: #{:file.format_error(reason)}"}
    end
  end

  @doc """
  Makes a report of the terms that were in the file.
  """
  @spec parse([term]) :: {:ok, t} | {:error, String.t()}
  def parse([{:report, @version} | terms]) do
    report = Enum.reduce(terms, %__MODULE__{}, &term/2)
    files = Enum.reverse(report.files)
    {:ok, %{report | files: files, diagnostics: Enum.reverse(report.diagnostics)}}
  end

  def parse([{:report, version} | _]) do
    {:error,
     "the elixirscope command writes reports of version #{inspect(version)}, this package " <>
       "reads version #{@version}: use the command and the package of the same release"}
  end

  def parse(_), do: {:error, "the elixirscope command wrote a report that does not begin as one"}

  defp term({:file, path, status, original, instrumented, probes}, report)
       when status in [:instrumented, :clean] and is_binary(path) do
    file = %File{
      path: path,
      status: status,
      original: original,
      instrumented: instrumented,
      probes: probes
    }

    %{report | files: [file | report.files]}
  end

  defp term({:diagnostic, path, line, severity, message}, report),
    do: %{report | diagnostics: [{path, line, severity, message} | report.diagnostics]}

  defp term({:node_map, name, digest}, report), do: %{report | node_map: {name, digest}}
  defp term(_unknown, report), do: report
end
