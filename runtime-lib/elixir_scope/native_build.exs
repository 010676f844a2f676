defmodule ElixirScope.NativeBuild do
  @moduledoc """
  Runs cargo and puts what it builds into `priv/`; see `native.exs`.
  """

  @library "elixir_scope_nif.so"

  @doc """
  Builds `packages` of the workspace at `root`; `newest` goes into the stamp.
  """
  def run(root, priv, packages, newest) do
    unless File.exists?(Path.join(root, "Cargo.toml")),
      do: Mix.raise(missing("its sources are not beside this package", priv))

    cargo =
      System.find_executable("cargo") || Mix.raise(missing("cargo is not on the PATH", priv))

    target = Path.expand(System.get_env("CARGO_TARGET_DIR") || "target", root)
    Mix.shell().info("Building #{Enum.join(packages, " and ")} (cargo build --release)")

    args =
      ["build", "--release", "--manifest-path", Path.join(root, "Cargo.toml")] ++
        Enum.flat_map(packages, &["-p", &1])

    # Cargo reports on standard error, which goes straight to the terminal.
    case System.cmd(cargo, args, cd: root, env: [{"CARGO_TARGET_DIR", target}]) do
      {_, 0} -> install(Path.join(target, "release"), priv, packages, newest)
      {_, status} -> Mix.raise("cargo build failed with status #{status}, see its output above")
    end
  end

  defp install(release, priv, packages, newest) do
    File.mkdir_p!(priv)
    put(priv, @library, &File.cp!(Path.join(release, library()), &1))

    if "elixirscope" in packages do
      command = Path.join(release, "elixirscope" <> suffix())
      put(priv, "elixirscope.path", &File.write!(&1, command))
    end

    put(priv, "native.stamp", &File.write!(&1, Enum.join([newest | packages], " ")))
    # priv may be new: Mix links it into the build only when it lays out the build.
    Mix.Project.build_structure()
  end

  # Never written in place: a running VM has the library mapped.
  defp put(priv, name, write) do
    temporary = Path.join(priv, "#{name}.#{System.pid()}")
    write.(temporary)
    File.rename!(temporary, Path.join(priv, name))
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

  defp missing(reason, priv) do
    """
    elixir_scope has a part written in Rust, and #{reason}.

    Install a Rust toolchain (https://rustup.rs gives you cargo) and compile again, or do without:

      * set ELIXIRSCOPE_BIN to an `elixirscope` command that is already built, and
      * put a prebuilt capture library at #{Path.join(priv, @library)} and set ELIXIRSCOPE_PREBUILT=1.
    """
  end
end
