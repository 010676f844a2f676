defmodule Mix.Tasks.Compile.ElixirScope do
  use Mix.Task.Compiler

  @shortdoc "Puts probes into the code that mix compile has built"
  @recursive true

  @moduledoc """
  Compiles the instrumented text of a project beside its clean build.

  Add it in front of the other compilers in `mix.exs`:

      compilers: [:elixir_scope] ++ Mix.compilers()

  Your own build stays what it was. When the `:elixir` compiler is done, each
  instrumented file is checked to be the original and nothing but probes, is
  compiled under the original's path into `_build/ENV/elixir_scope/APP/overlay`,
  and is loaded into this VM. Releases and `MIX_ENV=prod` carry no probe.

  `ElixirScope.Config` lists the settings.
  """

  alias ElixirScope.Config
  alias ElixirScope.Overlay.Step

  @impl true
  def run(args) do
    mix = Mix.Project.config()

    with {:ok, config} <- Config.read(mix, Mix.env()),
         {:ok, project} <- Step.project(config, args) do
      project = Step.start(project, mix[:compilers] || Mix.compilers())
      Mix.Task.Compiler.after_compiler(:elixir, &Step.run(&1, project))
      {:noop, []}
    else
      {:error, message} -> Mix.raise(message)
    end
  end

  @impl true
  def manifests, do: [Step.manifest(out())]

  @impl true
  def clean, do: File.rm_rf!(out())

  defp out, do: Step.out(Keyword.fetch!(Mix.Project.config(), :app))
end
