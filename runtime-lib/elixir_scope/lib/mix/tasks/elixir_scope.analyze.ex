defmodule Mix.Tasks.ElixirScope.Analyze do
  use Mix.Task

  alias ElixirScope.{Analysis, Reader}
  alias ElixirScope.Overlay.Recording

  @shortdoc "Says what the last recording is about, at a glance"

  @moduledoc """
  Says where the time of a recording went, what failed, and what is missing.

      mix elixir_scope.analyze
      mix elixir_scope.analyze 20261121-18 --top 20

  It names the hottest functions (by the time of their own, without the calls they
  made), the slowest calls, errors (exceptions that were caught, processes that crashed),
  the busiest processes, and losses. Without a run it is the last one; a run is its
  folder or the start of its id.

  `mix elixir_scope.trace stats` has the complete numbers, also for machines.

  ## Options

    * `--top N` - lines of each list (5);
    * `--help` - this text.
  """

  @usage "mix elixir_scope.analyze [--top N] [RUN]"

  @impl true
  def run(arguments) do
    case OptionParser.parse(arguments, strict: [top: :integer, help: :boolean]) do
      {[help: true], _, _} -> Mix.Task.run("help", ["elixir_scope.analyze"])
      {options, [], []} -> analyze("last", options)
      {options, [run], []} -> analyze(run, options)
      {_, _, [{name, _} | _]} -> Mix.raise("unknown or wrong option #{name}; usage: #{@usage}")
      {_, _, []} -> Mix.raise("there is one run at a time; usage: #{@usage}")
    end
  end

  defp analyze(run, options) do
    top = Keyword.get(options, :top, 5)
    if top < 1, do: Mix.raise("--top must be at least 1; usage: #{@usage}")

    case Reader.stats(run, Path.expand(Recording.dir())) do
      {:ok, stats} -> stats |> Analysis.lines(top) |> Enum.each(&Mix.shell().info/1)
      {:error, reason} -> Mix.raise(reason)
    end
  end
end
