defmodule ElixirScope.MixProject do
  use Mix.Project

  @sources [
    "Cargo.{toml,lock}",
    "runtime-lib/{wire,nif}/**/*.{rs,toml}",
    "{compiler,planner,codegen,driver,trace,cli}/**/*.{rs,toml}"
  ]

  def project do
    [
      app: :elixir_scope,
      version: "0.1.0",
      elixir: "~> 1.14",
      description:
        "See everything an Elixir program did: the Mix step, the probes and their API.",
      compilers: native() ++ Mix.compilers(),
      start_permanent: false,
      deps: [],
      package: [licenses: ["Apache-2.0"], links: %{}]
    ]
  end

  def application do
    [mod: {ElixirScope.Application, []}]
  end

  # Every Mix command of every project that uses the package evaluates this file,
  # so the compiler that runs cargo is read only when there is something to build.
  defp native do
    root = Path.expand("../..", __DIR__)
    prebuilt? = System.get_env("ELIXIRSCOPE_PREBUILT") in ["1", "true"]
    prebuilt? = prebuilt? or not File.exists?(Path.join(root, "Cargo.toml"))

    if File.exists?(priv("elixir_scope_nif.so")) and (prebuilt? or built?(root)) do
      []
    else
      Code.require_file("native.exs", __DIR__)
      [:elixir_scope_native]
    end
  end

  # The stamp holds the newest source time seen before cargo ran, so a source that
  # is saved during the build is built again, and what was built.
  defp built?(root) do
    with {:ok, stamp} <- File.read(priv("native.stamp")),
         [newest | packages] <- String.split(stamp),
         true <- System.get_env("ELIXIRSCOPE_BIN", "") != "" or command?(packages) do
      newest(root) <= String.to_integer(newest)
    else
      _ -> false
    end
  end

  defp command?(packages) do
    with true <- "elixirscope" in packages,
         {:ok, command} <- File.read(priv("elixirscope.path")),
         do: File.exists?(command)
  end

  @doc false
  def newest(root) do
    @sources
    |> Enum.flat_map(&Path.wildcard(Path.join(root, &1)))
    |> Enum.map(&File.stat!(&1, time: :posix).mtime)
    |> Enum.max()
  end

  defp priv(name), do: Path.join([__DIR__, "priv", name])
end
