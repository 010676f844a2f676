defmodule Shop.MixProject do
  use Mix.Project

  # The same suite runs three ways, so that a difference between them can only
  # come from ElixirScope: "absent" has never heard of it, "off" has it wired
  # but disabled, "on" records. An ordinary project needs only what `scope/1`
  # returns for "on".
  @scope System.get_env("SHOP_SCOPE", "absent")

  def project do
    [
      app: :shop,
      version: "0.1.0",
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      # One build per mode: no mode ever sees what another one compiled.
      build_path: "_build/#{@scope}",
      deps: deps(@scope)
    ] ++ scope(@scope)
  end

  def application do
    [mod: {Shop.Application, []}, extra_applications: [:logger]]
  end

  defp scope("absent"), do: []

  defp scope("on") do
    [
      compilers: [:elixir_scope] ++ Mix.compilers(),
      releases: [shop: [steps: [:assemble, &ElixirScope.Release.instrument/1]]]
    ]
  end

  defp scope("off"), do: scope("on") ++ [elixir_scope: [enabled: false]]
  defp scope(other), do: Mix.raise("SHOP_SCOPE must be absent, off or on, got: #{inspect(other)}")

  defp deps("absent"), do: []

  # `runtime: false`: the package is a build tool, the shop does not start it.
  defp deps(_on_or_off) do
    [{:elixir_scope, path: "../../../runtime-lib/elixir_scope", runtime: false}]
  end
end
