Code.require_file("native.exs", __DIR__)

defmodule ElixirScope.MixProject do
  use Mix.Project

  def project do
    [
      app: :elixir_scope,
      version: "0.1.0",
      elixir: "~> 1.14",
      description:
        "See everything an Elixir program did: the Mix step, the probes and their API.",
      compilers: [:elixir_scope_native] ++ Mix.compilers(),
      start_permanent: false,
      deps: [],
      package: [licenses: ["Apache-2.0"], links: %{}]
    ]
  end

  def application do
    [mod: {ElixirScope.Application, []}]
  end
end
