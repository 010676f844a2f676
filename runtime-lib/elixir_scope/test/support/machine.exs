defmodule ElixirScope.Test.Machine do
  @moduledoc """
  What tests need of the machine: cargo, a disk that is soon full.
  """

  @workspace Path.expand("../../../..", __DIR__)
  @cargo System.find_executable("cargo")

  @doc "Whether the library can be built."
  def cargo?, do: @cargo != nil and File.exists?(Path.join(@workspace, "Cargo.toml"))

  @doc """
  Makes a package in `dir` whose library panics at node 13; gives its code path.
  """
  def panicking_package(dir) do
    target = Path.join(@workspace, "target/panic-test")
    arguments = ~w(build --release --quiet -p elixirscope-nif --features panic-test --target-dir)
    {_, 0} = System.cmd(@cargo, arguments ++ [target], cd: @workspace)
    [library] = Path.wildcard(Path.join(target, "release/libelixirscope_nif.{so,dylib}"))

    copied_package(dir, "elixir_scope", library)
  end

  @doc """
  A copy of the package in `dir`, by that name, with a library that is another file: for
  the VM, another library. Gives its code path.
  """
  def copied_package(
        dir,
        name,
        library \\ Application.app_dir(:elixir_scope, "priv/elixir_scope_nif.so")
      ) do
    # The VM finds `priv` by the folder's name, with or without a version.
    package = Path.join(dir, name)
    File.mkdir_p!(Path.join(package, "priv"))
    File.cp!(library, Path.join(package, "priv/elixir_scope_nif.so"))
    File.cp_r!(Application.app_dir(:elixir_scope, "ebin"), Path.join(package, "ebin"))
    Path.join(package, "ebin")
  end

  @doc "Mounts a disk of 8 MiB at `dir`; needs to be root, and allowed to."
  def mount(dir) do
    File.mkdir_p!(dir)
    options = ~w(-t tmpfs -o size=8m tmpfs)
    match?({_, 0}, System.cmd("mount", options ++ [dir], stderr_to_stdout: true))
  rescue
    ErlangError -> false
  end

  @doc "Unmounts it, also while a file is mapped."
  def unmount(dir), do: System.cmd("umount", ["-l", dir], stderr_to_stdout: true)

  @doc "Whether `mount/1` works here."
  def disk? do
    dir = Path.join(System.tmp_dir!(), "escope-disk-#{System.pid()}")
    mounted = mount(dir)
    if mounted, do: unmount(dir)
    File.rmdir(dir)
    mounted
  end
end
