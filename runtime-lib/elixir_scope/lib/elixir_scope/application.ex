defmodule ElixirScope.Application do
  @moduledoc false
  use Application

  @impl true
  def start(_type, _args) do
    with {:ok, _} = started <- Supervisor.start_link(children(), options()) do
      # In a release, nobody else loads probes.
      ElixirScope.Release.Overlays.record_if_asked()
      started
    end
  end

  defp children, do: [ElixirScope.Recorder, ElixirScope.TimeTravel]

  defp options, do: [strategy: :one_for_one, name: ElixirScope.Supervisor]
end
