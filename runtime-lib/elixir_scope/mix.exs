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

  # The stamp holds what the sources were before cargo ran, so a source that is
  # saved during the build is built again, and what was built.
  defp built?(root) do
    with {:ok, stamp} <- File.read(priv("native.stamp")),
         [sources | packages] <- String.split(stamp),
         true <- System.get_env("ELIXIRSCOPE_BIN", "") != "" or command?(packages) do
      sources == fingerprint(root)
    else
      _ -> false
    end
  end

  defp command?(packages) do
    with true <- "elixirscope" in packages,
         {:ok, command} <- File.read(priv("elixirscope.path")),
         do: File.exists?(command)
  end

  # Sizes too: file times have whole seconds here.
  @doc false
  def fingerprint(root) do
    files = Enum.flat_map(@sources, &Path.wildcard(Path.join(root, &1)))

    for file <- files do
      %{mtime: mtime, size: size} = File.stat!(file, time: :posix)
      {file, mtime, size}
    end
    |> :erlang.term_to_binary()
    |> :erlang.md5()
    |> Base.encode16(case: :lower)
  end

  defp priv(name), do: Path.join([__DIR__, "priv", name])
end
