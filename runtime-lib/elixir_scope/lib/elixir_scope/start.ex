defmodule ElixirScope.Start do
  @moduledoc false
  # What it takes to begin a recording, beside the recorder: the application, the overlays
  # of a release, what the options leave open, and that it ends with the VM.

  alias ElixirScope.{Options, Recorder, Retention, TimeTravel}
  alias ElixirScope.Overlay.Recording
  alias ElixirScope.Release.Overlays

  @doc "Whether there is anybody to ask."
  @spec running?() :: boolean
  def running?, do: Process.whereis(Recorder) != nil

  @doc "Starts the application, unless it runs or is just starting."
  @spec application() :: :ok | {:error, String.t()}
  def application do
    # It may be the application itself that starts a recording, while it starts.
    with false <- running?(),
         {:error, reason} <- Application.ensure_all_started(:elixir_scope) do
      {:error, "the application elixir_scope does not start: #{inspect(reason)}"}
    else
      _ -> :ok
    end
  end

  @doc "Begins a recording with these options, which are valid; whether it is for traces alone."
  @spec recording(keyword, boolean) :: {:ok, Path.t()} | {:error, String.t()}
  def recording(options, for_traces?) do
    with :ok <- application(),
         :ok <- Overlays.load() do
      stop_at_exit()

      %{
        dir: Path.expand(options[:dir] || Recording.dir()),
        app: to_string(options[:app] || project()),
        maps: options[:maps] || Recording.maps(),
        only: options[:only],
        for_traces?: for_traces?,
        trace: options[:trace],
        trace_processes: options[:trace_processes],
        contents: options[:message_contents],
        keep: options[:keep],
        runs: options[:runs],
        limits: Options.limits(options),
        retention: Retention.limits(options),
        redact: options[:redact],
        health: %{budget: options[:budget], alert: options[:alert]}
      }
      |> Recorder.start()
      |> tap(fn _ -> TimeTravel.begun() end)
    end
  end

  defp project do
    if function_exported?(Mix.Project, :get, 0) and Mix.Project.get(),
      do: Mix.Project.config()[:app],
      else: Overlays.name() || "unnamed"
  end

  # `mix run` and `elixir` halt the VM without stopping applications.
  defp stop_at_exit do
    unless :persistent_term.get({__MODULE__, :at_exit}, false) do
      :persistent_term.put({__MODULE__, :at_exit}, true)
      System.at_exit(&__MODULE__.at_exit/1)
    end
  end

  # By name: a function without one would be gone when this module is replaced.
  @doc false
  def at_exit(_status), do: if(running?(), do: Recorder.stop())
end
