defmodule ElixirScope.Overlay.Recording do
  @moduledoc """
  Starts a recording when `ELIXIRSCOPE_RECORD=1` asks for one.

  It is started once per VM, as soon as the first application's overlay is loaded;
  the node maps of further applications, and of later compilations, are added to
  the recording that runs. `ELIXIRSCOPE_DIR` says where runs are kept.
  """

  @doc """
  Makes sure that the node map of `app` belongs to the recording, if there is one.
  """
  @spec ensure(atom, {String.t(), String.t()} | nil, Path.t()) :: :ok
  def ensure(_app, nil, _out), do: :ok

  def ensure(app, {name, digest}, out) do
    map = Path.join(out, name)

    case :persistent_term.get(__MODULE__, :none) do
      :none -> if asked?(), do: start(app, map, digest), else: :ok
      :failed -> :ok
      known -> add(known, map, digest)
    end
  end

  defp asked?, do: System.get_env("ELIXIRSCOPE_RECORD") in ["1", "true"]

  defp start(app, map, digest) do
    options =
      case System.get_env("ELIXIRSCOPE_DIR") do
        unset when unset in [nil, ""] -> []
        directory -> [dir: Path.expand(directory)]
      end

    attempt(%{map => digest}, fn ->
      apply(ElixirScope, :start_recording, [[app: app, maps: [map]] ++ options])
    end)
  end

  defp add(known, map, digest) do
    if known[map] == digest do
      :ok
    else
      attempt(Map.put(known, map, digest), fn ->
        apply(ElixirScope.Recorder, :add_map, [map])
      end)
    end
  end

  defp attempt(known, fun) do
    case fun.() do
      {:error, reason} -> fail(inspect(reason))
      _started -> :persistent_term.put(__MODULE__, known)
    end
  rescue
    error -> fail(Exception.message(error))
  catch
    :exit, reason -> fail(Exception.format_exit(reason))
  end

  defp fail(reason) do
    if :persistent_term.get(__MODULE__, :none) == :none,
      do: :persistent_term.put(__MODULE__, :failed)

    message = "elixir_scope: cannot record, the program runs on: #{reason}"
    IO.puts(:stderr, IO.ANSI.format([:yellow, "warning: ", :reset, message]))
  end
end
