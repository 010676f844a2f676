defmodule ElixirScope.Release.Boot do
  @moduledoc """
  Makes `elixir_scope` an application of an assembled release.

  It starts before the project's applications, so that recordings have their start,
  and as a temporary one: whatever happens to it, the node goes on.
  """

  @app :elixir_scope

  @doc "Adds the application to the release, its files and its boot scripts."
  @spec include(Mix.Release.t()) :: Mix.Release.t()
  def include(%{applications: %{@app => _}} = release), do: release

  def include(release) do
    release = put_in(release.applications[@app], properties())
    Mix.Release.copy_app(release, @app)

    scripts = for {name, modes} <- release.boot_scripts, into: %{}, do: {name, add(name, modes)}
    release = %{release | boot_scripts: scripts}
    Enum.each(scripts, &write(release, &1))
    release
  end

  defp properties do
    path = :code.lib_dir(@app)
    {:ok, [{:application, @app, properties}]} = :file.consult(Path.join(path, "ebin/#{@app}.app"))
    [path: path, otp_app?: false, mode: :temporary] ++ properties
  end

  # Behind what every node has; the rest of the order is the release's.
  defp add(name, modes) do
    mode = if name == :start_clean, do: :none, else: :temporary
    {system, others} = Enum.split_while(modes, fn {app, _} -> app in system() end)
    system ++ [{@app, mode} | others]
  end

  defp system, do: [:kernel, :stdlib, :compiler, :elixir, :sasl]

  # As `mix release` writes them.
  defp write(release, {name, modes}) do
    path = Path.join(release.version_path, Atom.to_string(name))

    prepended =
      if File.dir?(Path.join(release.version_path, "consolidated")),
        do: ["$RELEASE_LIB/../releases/#{release.version}/consolidated"],
        else: []

    case Mix.Release.make_boot_script(release, path, modes, prepended) do
      :ok when name == :start ->
        File.rename!(path <> ".rel", Path.join(release.version_path, "#{release.name}.rel"))

      :ok ->
        File.rm(path <> ".rel")

      {:error, message} ->
        Mix.raise("ElixirScope.Release.instrument/1: the boot script #{name}: #{message}")
    end
  end
end
