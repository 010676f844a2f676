defmodule Mix.Tasks.ElixirScope.Record do
  use Mix.Task

  alias ElixirScope.Foreground
  alias ElixirScope.Overlay.Recording

  @shortdoc "Runs a Mix task or a command, recorded"

  @moduledoc """
  Runs a Mix task, or a command behind `--`, and records it.

      mix elixir_scope.record test --trace
      mix elixir_scope.record --strategy full run -e 'Shop.demo()'
      mix elixir_scope.record -- iex -S mix

  The project needs the compiler: `compilers: [:elixir_scope] ++ Mix.compilers()`.
  What was recorded is shown by `mix elixir_scope.trace`.

  ## Options

  They stand before the task:

    * `--dir DIR` - where recordings are kept (`ELIXIRSCOPE_DIR`, else
      `.elixir_scope/runs`);
    * `--strategy minimal|balanced|full` - how much of each function;
    * `--help` - this text.

  It ends with the status of what it ran.
  """

  @usage "mix elixir_scope.record [--dir DIR] [--strategy NAME] TASK … (or -- COMMAND …)"
  @switches [dir: :string, strategy: :string, help: :boolean]

  @impl true
  def run(arguments) do
    {options, words} = parse(arguments)

    cond do
      options[:help] -> Mix.Task.run("help", ["elixir_scope.record"])
      words == [] -> Mix.raise("there is nothing to run; usage: #{@usage}")
      true -> record(words, options)
    end
  end

  # Only what stands before the task is ours.
  defp parse(arguments) do
    {ours, rest} = Enum.split_while(arguments, &(&1 != "--"))
    {options, words, wrong} = OptionParser.parse_head(ours, strict: @switches)

    case wrong do
      [] -> {options, if(rest == [], do: task(words), else: command(words, tl(rest)))}
      [{name, _} | _] -> Mix.raise("unknown or incomplete option #{name}; usage: #{@usage}")
    end
  end

  defp task([]), do: []
  defp task(words), do: ["mix" | words]

  # `mix test -- more`: the separator is the task's own.
  defp command([], words), do: words
  defp command(task, rest), do: ["mix" | task] ++ ["--" | rest]

  defp record([name | arguments], options) do
    unless :elixir_scope in (Mix.Project.config()[:compilers] || []) or Mix.Project.umbrella?(),
      do: Mix.raise("mix.exs has no `compilers: [:elixir_scope] ++ Mix.compilers()`")

    dir = Path.expand(options[:dir] || Recording.dir())
    strategy = if options[:strategy], do: [{"ELIXIRSCOPE_STRATEGY", options[:strategy]}], else: []
    before = runs(dir)

    recorded = [{"ELIXIRSCOPE_RECORD", "1"}, {"ELIXIRSCOPE_DIR", dir}]

    # No MIX_ENV: the task has its own, unless the user set one.
    case Foreground.run(name, arguments, recorded ++ strategy) do
      {:ok, status} ->
        tell(runs(dir) -- before)
        if status != 0, do: exit({:shutdown, status})

      {:error, reason} ->
        Mix.raise(reason)
    end
  end

  defp runs(dir), do: dir |> Path.join("*") |> Path.wildcard()

  defp tell([]), do: Mix.shell().error("nothing was recorded; see `mix elixir_scope.doctor`")

  defp tell(new) do
    for run <- new, do: Mix.shell().info("recorded in #{Path.relative_to_cwd(run)}")
    Mix.shell().info("mix elixir_scope.trace #{Path.relative_to_cwd(List.last(new))}")
  end
end
