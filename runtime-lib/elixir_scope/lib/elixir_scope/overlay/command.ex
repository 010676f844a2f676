defmodule ElixirScope.Overlay.Command do
  @moduledoc """
  Finds the `elixirscope` command and has it instrument a project.

  The command is, in this order: `ELIXIRSCOPE_BIN`; the one that was built with
  this package, noted in `priv/elixirscope.path`; the one on the `PATH`.
  """

  alias ElixirScope.Overlay.Report

  @doc """
  Instruments the project at `root` into `out` and returns the command's report;
  `arguments` say what to record, and of which folders. Paths in them are relative
  to `home`.
  """
  @spec instrument(Path.t(), Path.t(), atom, [String.t()], Path.t()) ::
          {:ok, Report.t()} | {:error, String.t()}
  def instrument(root, out, app, arguments, home) do
    File.mkdir_p!(out)

    args =
      ["instrument", root, "--out", out, "--app", Atom.to_string(app), "--format", "term"] ++
        arguments

    with {:ok, command} <- find(),
         :ok <- run(command, args, home) do
      Report.read(Path.join(out, "report.term"))
    end
  end

  @doc """
  The path of the command.
  """
  @spec find() :: {:ok, Path.t()} | {:error, String.t()}
  def find do
    case System.get_env("ELIXIRSCOPE_BIN") do
      unset when unset in [nil, ""] -> built() || on_path()
      path -> given(path)
    end
  end

  defp given(path) do
    name = if path =~ "/", do: Path.expand(path), else: path

    case System.find_executable(name) do
      nil -> {:error, "ELIXIRSCOPE_BIN names #{path}, which is not an executable file"}
      command -> {:ok, command}
    end
  end

  defp built do
    with priv when is_list(priv) <- :code.priv_dir(:elixir_scope),
         {:ok, path} <- File.read(Path.join(priv, "elixirscope.path")),
         path = String.trim(path),
         true <- File.exists?(path) do
      {:ok, path}
    else
      _ -> nil
    end
  end

  defp on_path do
    case System.find_executable("elixirscope") do
      nil ->
        {:error,
         "the elixirscope command was not found: run `mix deps.compile elixir_scope` " <>
           "to build it, or set ELIXIRSCOPE_BIN to its path"}

      command ->
        {:ok, command}
    end
  end

  defp run(command, args, home) do
    case System.cmd(command, args, cd: home, stderr_to_stdout: true) do
      {_, 0} -> :ok
      {output, status} -> {:error, failure(command, status, String.trim(output))}
    end
  rescue
    error in ErlangError ->
      {:error, "#{command} cannot be started: #{inspect(error.original)}"}
  end

  defp failure(command, status, ""), do: "#{command} ended with status #{status}"
  defp failure(_command, _status, output), do: output
end
