defmodule ElixirScope.Health.Watch do
  @moduledoc """
  The process that looks at a running recording once a second.

  It lowers the detail when the recording strains its budget, tells the alert callback
  and `:telemetry`, and remembers what it saw for `ElixirScope.Health.now/0`. It lives
  as long as the recording. The recorder starts it again if it fails; nobody waits for it.
  """
  use GenServer

  alias ElixirScope.{Health, Native, TimeTravel}
  alias ElixirScope.Health.{Alerts, Breaker, Budget, Courier, Telemetry}

  @period 1000

  @typedoc "The recording's folder, its budget, and whom to alert."
  @type settings :: %{dir: Path.t(), budget: Budget.t(), alert: Alerts.callback()}

  @enforce_keys [:settings, :call_ns, :earlier, :last, :alerts]
  defstruct @enforce_keys ++ [breaker: %Breaker{}, listeners: %Courier{}]

  @doc false
  def start_link(settings), do: GenServer.start_link(__MODULE__, settings, name: __MODULE__)

  @doc """
  The elder of the last two looks, the breaker's state, and what a native call costs;
  `nil` when nothing is recorded.
  """
  @spec last_looks() :: {Health.sample(), map, float} | nil
  def last_looks do
    GenServer.call(__MODULE__, :last_looks)
  catch
    :exit, _ -> nil
  end

  @doc """
  The recording is over; `failure` says why, if it was not stopped.
  """
  @spec finish(pid, String.t() | nil) :: :ok
  def finish(watch, failure), do: GenServer.cast(watch, {:finish, failure})

  @doc "Looks at once, as a test wants it: at these samples' difference."
  @spec look(pid) :: :ok
  def look(watch), do: GenServer.call(watch, :look)

  @impl true
  def init(settings) do
    Process.send_after(self(), :look, @period)
    sample = Health.sample()
    alerts = %Alerts{callback: settings.alert}
    call_ns = Health.call_ns()

    {:ok,
     %__MODULE__{
       settings: settings,
       call_ns: call_ns,
       earlier: sample,
       last: sample,
       alerts: alerts
     }}
  end

  @impl true
  def handle_call(:last_looks, _from, state),
    do: {:reply, {state.earlier, detail(state.breaker), state.call_ns}, state}

  def handle_call(:look, _from, state), do: {:reply, :ok, take_look(state)}

  @impl true
  def handle_info(:look, state) do
    Process.send_after(self(), :look, @period)
    {:noreply, take_look(state)}
  end

  def handle_info({:DOWN, reference, :process, _pid, _reason}, state) do
    listeners = Courier.down(state.listeners, reference)
    {:noreply, %{state | listeners: listeners, alerts: Alerts.down(state.alerts, reference)}}
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def handle_cast({:finish, failure}, state) do
    if failure, do: Alerts.tell_last(state.alerts, failure, health(state, Health.sample()))
    {:stop, :normal, state}
  end

  defp take_look(state) do
    sample = Health.sample()
    health = health(state, sample)

    {breaker, change} =
      Breaker.step(state.breaker, Budget.pressures(state.settings.budget, health))

    if change, do: set(change)
    health = %{health | detail: detail(breaker)}

    %{state | breaker: breaker, earlier: state.last, last: sample}
    |> alert(health, change, sample.panics - state.last.panics)
    |> publish(health, change)
  end

  defp set(%{to: to, reason: reason, pressure: pressure}) do
    Native.set_detail(to, {reason, pressure})
    if to == :values, do: TimeTravel.wanted()
  end

  defp health(state, sample),
    do: Health.between(state.last, sample, detail(state.breaker), state.call_ns)

  defp detail(breaker), do: %{level: breaker.level, changes: breaker.changes}

  defp alert(state, health, change, panics) do
    messages = [
      panic: panics > 0 && "a probe failed, and capture is off (#{panics} panics)",
      drops: health.rates.lost > 0 && "#{round(health.rates.lost)} events a second are lost",
      detail: change && describe(change)
    ]

    now_ms = System.monotonic_time(:millisecond)

    alerts =
      for {kind, message} <- messages, message, reduce: state.alerts do
        alerts -> Alerts.tell(alerts, kind, message, health, now_ms)
      end

    %{state | alerts: alerts}
  end

  defp describe(%{from: from, to: to, reason: reason, pressure: pressure}) do
    if pressure > 1,
      do: "#{reason} is #{Float.round(pressure, 1)} times its budget: #{from} -> #{to}",
      else: "all measures are within their budget: #{from} -> #{to}"
  end

  defp publish(state, health, change) do
    dir = state.settings.dir
    changed = if change, do: [Telemetry.detail(change, state.breaker.changes, dir)], else: []
    events = changed ++ [Telemetry.health(health, dir)]
    %{state | listeners: Telemetry.execute(state.listeners, events)}
  end
end
