defmodule Mix.Tasks.ElixirScope.Trace do
  use Mix.Task

  alias ElixirScope.Foreground
  alias ElixirScope.Overlay.{Command, Recording}

  @shortdoc "Shows the last recording"

  @moduledoc """
  Shows the calls of the last recording.

      mix elixir_scope.trace
      mix elixir_scope.trace last --fun Shop.buy/2 --detail values
      mix elixir_scope.trace ls
      mix elixir_scope.trace stats

  It is `elixirscope trace show`, with the command that this project uses; the other
  subcommands, `ls` and `stats`, come first. `--help` lists the options.
  """

  @subcommands ["ls", "show", "stats"]

  @impl true
  def run(arguments) do
    arguments =
      case arguments do
        [subcommand | _] when subcommand in @subcommands -> arguments
        _ -> ["show" | arguments]
      end

    with {:ok, command} <- Command.find(),
         {:ok, status} <- Foreground.run(command, ["trace" | arguments], env()) do
      if status != 0, do: exit({:shutdown, status})
    else
      {:error, reason} -> Mix.raise(reason)
    end
  end

  defp env, do: [{"ELIXIRSCOPE_DIR", Path.expand(Recording.dir())}]
end
