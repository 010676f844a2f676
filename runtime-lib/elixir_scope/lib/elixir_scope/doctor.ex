defmodule ElixirScope.Doctor do
  @moduledoc """
  Examines a project's set-up: each finding is fine, odd, or keeps it from recording.
  """

  alias ElixirScope.{Config, Native}
  alias ElixirScope.Overlay.{Command, Recording, Step}

  @type finding :: {:ok | :warning | :error, title :: String.t(), text :: String.t()}

  @doc "Examines the project with this Mix configuration."
  @spec examine(keyword, atom) :: [finding]
  def examine(project, env) do
    versions() ++
      [command(), library()] ++
      compilers(project[:compilers]) ++
      settings(project, env) ++
      [folder("recordings", Recording.dir()), folder("the build", Mix.Project.build_path())] ++
      overlay(project[:app])
  end

  defp versions do
    text = "Elixir #{System.version()} on OTP #{System.otp_release()}"

    if Version.match?(System.version(), ">= 1.14.0") and otp() >= 25,
      do: [{:ok, "versions", text}],
      else: [{:error, "versions", "#{text}; Elixir 1.14 and OTP 25 are the oldest that work"}]
  end

  defp otp, do: String.to_integer(System.otp_release())

  @doc """
  What is to be said of a project's compilers.

      iex> ElixirScope.Doctor.compilers([:elixir_scope, :elixir, :app])
      [{:ok, "compilers", ":elixir_scope, :elixir, :app"}]
      iex> [{:error, _, text}] = ElixirScope.Doctor.compilers([:elixir, :elixir_scope, :app])
      iex> text
      "put :elixir_scope before :elixir, it waits for it: [:elixir_scope] ++ Mix.compilers()"

  """
  @spec compilers([atom] | nil) :: [finding]
  def compilers(compilers) do
    compilers = compilers || Mix.compilers()
    elixir = Enum.find_index(compilers, &(&1 == :elixir))

    case Enum.find_index(compilers, &(&1 == :elixir_scope)) do
      nil ->
        add = "compilers: [:elixir_scope] ++ Mix.compilers()"
        [{:error, "compilers", "mix.exs does not name the compiler; add `#{add}` to project/0"}]

      at when is_integer(elixir) and at > elixir ->
        right = "[:elixir_scope] ++ Mix.compilers()"
        [{:error, "compilers", "put :elixir_scope before :elixir, it waits for it: #{right}"}]

      _ ->
        [{:ok, "compilers", Enum.map_join(compilers, ", ", &inspect/1)}]
    end
  end

  defp command do
    with {:ok, path} <- Command.find(),
         {output, 0} <- System.cmd(path, ["--version"], stderr_to_stdout: true) do
      {:ok, "command", "#{String.trim(output)} (#{path})"}
    else
      {:error, reason} -> {:error, "command", reason}
      {output, status} -> {:error, "command", "it ends with status #{status}: #{output}"}
    end
  rescue
    error in ErlangError -> {:error, "command", "cannot be started: #{inspect(error.original)}"}
  end

  defp library do
    case Native.load() do
      :ok -> {:ok, "capture library", "it loads"}
      {:error, reason} -> {:error, "capture library", reason}
    end
  end

  defp settings(project, env) do
    case Config.read(project, env) do
      {:ok, %{active?: true, strategy: strategy}} ->
        [{:ok, "settings", "probes are on in #{env}, strategy #{strategy || "of the plan"}"}]

      {:ok, _} ->
        [
          {:warning, "settings",
           "no probes in #{env}: see :enabled, :envs and ELIXIRSCOPE_ENABLED"}
        ]

      {:error, reason} ->
        [{:error, "settings", reason}]
    end
  end

  # Of a folder that is not there, the nearest one above that is.
  defp folder(title, path) do
    path = Path.expand(path)
    there = path |> Stream.iterate(&Path.dirname/1) |> Enum.find(&File.exists?/1)

    case File.stat(there) do
      {:ok, %{type: :directory, access: access}} when access in [:write, :read_write] ->
        {:ok, title, "#{path} can be written"}

      _ ->
        {:error, title, "#{there} is no folder that can be written"}
    end
  end

  # An umbrella's root has none.
  defp overlay(nil), do: []

  defp overlay(app) do
    out = Step.out(app)

    cond do
      not File.exists?(Step.manifest(out)) ->
        [{:warning, "overlay", "nothing is compiled with probes yet: mix compile"}]

      old?(out) ->
        [{:warning, "overlay", "#{out} is older than the project's own beams: mix compile"}]

      true ->
        count = out |> Path.join("overlay/*.beam") |> Path.wildcard() |> length()
        [{:ok, "overlay", "#{count} modules with probes in #{Path.relative_to_cwd(out)}"}]
    end
  end

  # Only a beam that a clean one has outlived: the manifest is written on change.
  defp old?(out) do
    clean = Mix.Project.compile_path()

    Enum.any?(Path.wildcard(Path.join(out, "overlay/*.beam")), fn probed ->
      modified(Path.join(clean, Path.basename(probed))) > modified(probed) + 1
    end)
  end

  defp modified(path) do
    case File.stat(path, time: :posix) do
      {:ok, %{mtime: time}} -> time
      {:error, _} -> 0
    end
  end
end
