defmodule Mix.Tasks.ElixirScope.Doctor do
  use Mix.Task

  alias ElixirScope.Doctor

  @shortdoc "Says what is wrong with the set-up of ElixirScope"

  @moduledoc """
  Looks at everything that recording needs, and says what to do where it is wrong.

      mix elixir_scope.doctor

  It changes nothing, and ends with status 1 if something keeps it from recording.
  """

  @impl true
  def run([]) do
    findings = Doctor.examine(Mix.Project.config(), Mix.env())
    Enum.each(findings, &print/1)
    if Enum.any?(findings, &(elem(&1, 0) == :error)), do: exit({:shutdown, 1})
  end

  def run(["--help" | _]), do: Mix.Task.run("help", ["elixir_scope.doctor"])

  def run(arguments) do
    Mix.raise("mix elixir_scope.doctor takes no arguments, got: #{Enum.join(arguments, " ")}")
  end

  defp print({severity, title, text}),
    do: Mix.shell().info([color(severity), mark(severity), :reset, " #{title}: #{text}"])

  defp color(:ok), do: :green
  defp color(:warning), do: :yellow
  defp color(:error), do: :red

  defp mark(:ok), do: "ok     "
  defp mark(:warning), do: "warning"
  defp mark(:error), do: "error  "
end
