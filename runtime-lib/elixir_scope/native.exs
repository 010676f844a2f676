defmodule Mix.Tasks.Compile.ElixirScopeNative do
  @moduledoc """
  Builds what `elixir_scope` needs that is written in Rust.

  Two things come out of the workspace this package lives in: the capture
  library (`priv/elixir_scope_nif.so`) and the `elixirscope` command, whose
  place is noted in `priv/elixirscope.path`. `mix.exs` asks for this compiler when
  a Rust source, `Cargo.toml` or `Cargo.lock` is not what it was at the last build.

    * `ELIXIRSCOPE_BIN=PATH` uses that command, and only the library is built;
    * `ELIXIRSCOPE_PREBUILT=1` takes what is in `priv/` and never runs cargo.
  """
  use Mix.Task.Compiler

  @library "elixir_scope_nif.so"

  @impl true
  def run(_args) do
    root = Path.expand("../..", __DIR__)
    sources = ElixirScope.MixProject.fingerprint(root)

    packages =
      if System.get_env("ELIXIRSCOPE_BIN", "") == "",
        do: ["elixirscope-nif", "elixirscope"],
        else: ["elixirscope-nif"]

    release = cargo(root, packages)
    File.mkdir_p!(priv(""))
    put(@library, &File.cp!(Path.join(release, library()), &1))

    if "elixirscope" in packages,
      do: put("elixirscope.path", &File.write!(&1, Path.join(release, "elixirscope" <> suffix())))

    put("native.stamp", &File.write!(&1, Enum.join([sources | packages], " ")))
    # priv may be new: Mix links it into the build only when it lays out the build.
    Mix.Project.build_structure()
    {:ok, []}
  end

  # Gives the folder of what was built.
  defp cargo(root, packages) do
    unless File.exists?(Path.join(root, "Cargo.toml")),
      do: Mix.raise(missing("its sources are not beside this package"))

    cargo = System.find_executable("cargo") || Mix.raise(missing("cargo is not on the PATH"))
    target = Path.expand(System.get_env("CARGO_TARGET_DIR") || "target", root)
    Mix.shell().info("Building #{Enum.join(packages, " and ")} (cargo build --release)")

    args =
      ["build", "--release", "--manifest-path", Path.join(root, "Cargo.toml")] ++
        Enum.flat_map(packages, &["-p", &1])

    # Cargo reports on standard error, which goes straight to the terminal.
    case System.cmd(cargo, args, cd: root, env: [{"CARGO_TARGET_DIR", target}]) do
      {_, 0} -> Path.join(target, "release")
      {_, status} -> Mix.raise("cargo build failed with status #{status}, see its output above")
    end
  end

  # Never written in place: a running VM has the library mapped.
  defp put(name, write) do
    temporary = priv("#{name}.#{System.pid()}")
    write.(temporary)
    File.rename!(temporary, priv(name))
  end

  # The VM looks for `.so` on macOS too.
  defp library do
    case :os.type() do
      {:unix, :darwin} -> "libelixirscope_nif.dylib"
      {:win32, _} -> "elixirscope_nif.dll"
      _ -> "libelixirscope_nif.so"
    end
  end

  defp suffix, do: if(match?({:win32, _}, :os.type()), do: ".exe", else: "")

  defp priv(name), do: Path.join([__DIR__, "priv", name])

  defp missing(reason) do
    """
    elixir_scope has a part written in Rust, and #{reason}.

    Install a Rust toolchain (https://rustup.rs gives you cargo) and compile again, or do without:

      * set ELIXIRSCOPE_BIN to an `elixirscope` command that is already built, and
      * put a prebuilt capture library at #{priv(@library)} and set ELIXIRSCOPE_PREBUILT=1.
    """
  end
end
