defmodule ElixirScope.Health.Telemetry do
  @moduledoc """
  Says how a recording is to whoever listens by the library `:telemetry`.

  The package does not depend on that library; where a program has it, and it is loaded,
  a recording executes these events:

    * `[:elixir_scope, :health]` - once a second. Measurements: `events`, `bytes`,
      `lost_events`, `truncated`, `panics` (since the beginning), `events_per_second`,
      `drop_rate`, `overhead`, `probe_mean_ns`, `probe_p50_ns`, `probe_p99_ns`,
      `probe_p999_ns`, `mapped_bytes`, `disk_bytes`, `mailbox`, and `available_bytes` of
      memory where that is known;
    * `[:elixir_scope, :detail]` - when the circuit breaker changes something.
      Measurements: `changes`, `pressure`; metadata: `from`, `to`, `reason`.

  Metadata have the recording's folder as `dir`, and of health the `detail`. Handlers run
  in a process of their own (`ElixirScope.Health.Courier`); while they are at it, further
  events are left out.
  """

  alias ElixirScope.Health
  alias ElixirScope.Health.{Breaker, Courier}

  @typedoc "One event: its name, measurements, metadata."
  @type event :: {[atom], %{atom => number}, map}

  @doc """
  The event of a look.
  """
  @spec health(Health.t(), Path.t()) :: event
  def health(health, dir) do
    measurements =
      health
      |> Map.take([:events, :bytes, :lost_events, :truncated, :panics])
      |> Map.merge(Map.take(health, [:drop_rate, :overhead, :mailbox]))
      |> Map.merge(%{
        events_per_second: health.rates.events,
        probe_mean_ns: health.probe_ns.mean,
        probe_p50_ns: health.probe_ns.p50,
        probe_p99_ns: health.probe_ns.p99,
        probe_p999_ns: health.probe_ns.p999,
        mapped_bytes: health.memory.mapped,
        disk_bytes: health.disk.used
      })
      |> Map.merge(available(health.memory))

    {[:elixir_scope, :health], measurements, %{dir: dir, detail: health.detail.level}}
  end

  defp available(%{available: nil}), do: %{}
  defp available(%{available: bytes}), do: %{available_bytes: bytes}

  @doc """
  The event of a change of detail.
  """
  @spec detail(Breaker.change(), non_neg_integer, Path.t()) :: event
  def detail(change, changes, dir) do
    measurements = %{changes: changes, pressure: change.pressure}
    metadata = change |> Map.take([:from, :to, :reason]) |> Map.put(:dir, dir)
    {[:elixir_scope, :detail], measurements, metadata}
  end

  @doc """
  Executes events, if the library is loaded.
  """
  @spec execute(Courier.t(), [event]) :: Courier.t()
  def execute(courier, events) do
    # Not Code.ensure_loaded?, which would look for it on the disk each second.
    if function_exported?(:telemetry, :execute, 3) do
      Courier.run(courier, fn _ ->
        for {name, measurements, metadata} <- events,
            do: apply(:telemetry, :execute, [name, measurements, metadata])
      end)
    else
      courier
    end
  end
end
