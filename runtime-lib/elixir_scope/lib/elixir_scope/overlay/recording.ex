defmodule ElixirScope.Overlay.Recording do
  @moduledoc """
  Tells recordings about node maps, and starts one when `ELIXIRSCOPE_RECORD=1`.

  That recording is started once per VM, as soon as the first application's overlay
  is loaded. The maps of further applications, and of later compilations, are added
  to the recording that runs, whoever started it. `ELIXIRSCOPE_DIR` says where
  recordings are kept, and `ELIXIRSCOPE_KEEP` what is kept of one (`all` or `newest`).
  """

  alias ElixirScope.Redaction

  @asked {__MODULE__, :asked}
  @redact {__MODULE__, :redact}

  @doc """
  The node maps of the code that is loaded.
  """
  @spec maps() :: [Path.t()]
  def maps, do: known() |> Map.keys() |> Enum.sort()

  @doc """
  Notes the node map of `app`, and makes it part of the recording, if there is one.
  """
  @spec ensure(atom, {String.t(), String.t()} | nil, Path.t()) :: :ok
  def ensure(_app, nil, _out), do: :ok

  def ensure(app, {name, digest}, out) do
    note(Path.join(out, name), digest)
    if asked?(), do: start(app)
    :ok
  end

  @doc """
  Notes a node map of code that is loaded.
  """
  @spec note(Path.t(), String.t()) :: :ok
  def note(map, digest) do
    if known()[map] != digest do
      :persistent_term.put(__MODULE__, Map.put(known(), map, digest))
      add(map)
    end

    :ok
  end

  @doc """
  Tells whether the environment asks for a recording.
  """
  @spec asked?() :: boolean
  def asked?, do: System.get_env("ELIXIRSCOPE_RECORD") in ["1", "true"]

  @doc """
  Starts the recording that the environment asks for, once per VM.
  """
  @spec start(atom) :: :ok
  def start(app) do
    unless :persistent_term.get(@asked, false) do
      :persistent_term.put(@asked, true)
      attempt(fn -> ElixirScope.start_recording([app: app] ++ from_environment()) end)
    end

    :ok
  end

  @doc """
  Notes what `app` says of secrets, for recordings that say nothing.
  """
  @spec redact(atom, Redaction.t()) :: :ok
  def redact(app, setting) do
    settings = :persistent_term.get(@redact, %{})

    if settings[app] != setting,
      do: :persistent_term.put(@redact, Map.put(settings, app, setting))

    :ok
  end

  @doc """
  What the applications that are loaded say of secrets, all together.
  """
  @spec redact() :: Redaction.t()
  def redact, do: @redact |> :persistent_term.get(%{}) |> Map.values() |> Redaction.all()

  @doc """
  The folder of recordings, unless another one is named.
  """
  @spec dir() :: Path.t()
  def dir do
    case System.get_env("ELIXIRSCOPE_DIR") do
      unset when unset in [nil, ""] -> ".elixir_scope/runs"
      directory -> directory
    end
  end

  defp known, do: :persistent_term.get(__MODULE__, %{})

  defp from_environment do
    case System.get_env("ELIXIRSCOPE_KEEP") do
      unset when unset in [nil, ""] -> []
      value -> [keep: keep(value)]
    end
  end

  # Of another value, the option's check says what is wrong with it.
  defp keep("all"), do: :all
  defp keep("newest"), do: :newest
  defp keep(other), do: other

  defp add(map) do
    if Process.whereis(ElixirScope.Recorder),
      do: attempt(fn -> ElixirScope.Recorder.add_map(map) end)
  end

  defp attempt(fun) do
    with {:error, reason} <- fun.(), do: tell(reason)
  catch
    kind, reason -> tell(Exception.format_banner(kind, reason, __STACKTRACE__))
  end

  defp tell(reason) do
    message = "elixir_scope: the program runs on: #{reason}"
    IO.puts(:stderr, IO.ANSI.format([:yellow, "warning: ", :reset, message]))
  end
end
