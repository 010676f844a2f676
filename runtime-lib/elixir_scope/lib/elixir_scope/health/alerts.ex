defmodule ElixirScope.Health.Alerts do
  @moduledoc """
  Tells a callback what somebody should look at.

  The `:alert` of `ElixirScope.start_recording/1` is a function of one argument, or
  `{module, function, arguments}`, which is called with the alert before `arguments`. It
  runs in a process of its own (`ElixirScope.Health.Courier`), at most once in ten
  seconds for each kind of alert.
  """

  alias ElixirScope.Health
  alias ElixirScope.Health.Courier

  @apart_ms 10_000

  @typedoc "What is called, if anything."
  @type callback :: (alert -> term) | mfa | nil

  @typedoc """
  An alert.

    * `:drops` - events were lost in the last second;
    * `:panic` - a probe failed, and capture is off;
    * `:detail` - the circuit breaker changed how much is recorded;
    * `:ended` - the recording ended before it was stopped: no disk, or at `:max_bytes`.

  `suppressed` is the number of alerts since the last one that was not told.
  """
  @type alert :: %{
          kind: :drops | :panic | :detail | :ended,
          message: String.t(),
          health: Health.t(),
          suppressed: non_neg_integer
        }

  @type t :: %__MODULE__{
          callback: callback,
          courier: Courier.t(),
          told_ms: %{optional(atom) => integer},
          suppressed: non_neg_integer
        }
  defstruct callback: nil, courier: %Courier{}, told_ms: %{}, suppressed: 0

  @doc """
  Whether a value can be the callback.

      iex> ElixirScope.Health.Alerts.callback?({IO, :inspect, []})
      true
      iex> ElixirScope.Health.Alerts.callback?(&IO.inspect/2)
      false

  """
  @spec callback?(term) :: boolean
  def callback?({module, function, arguments}),
    do: is_atom(module) and is_atom(function) and is_list(arguments)

  def callback?(fun), do: is_nil(fun) or is_function(fun, 1)

  @doc """
  Tells of something, unless it was told of that kind a moment ago.
  """
  @spec tell(t, atom, String.t(), Health.t(), integer) :: t
  def tell(alerts, kind, message, health, now_ms)

  def tell(%{callback: nil} = alerts, _kind, _message, _health, _now_ms), do: alerts

  def tell(alerts, kind, message, health, now_ms) do
    told = alerts.told_ms[kind]

    if told && now_ms - told < @apart_ms do
      %{alerts | suppressed: alerts.suppressed + 1}
    else
      alert = %{kind: kind, message: message, health: health, suppressed: alerts.suppressed}
      courier = Courier.run(alerts.courier, &call(alerts.callback, alert, &1), now_ms)
      told_ms = Map.put(alerts.told_ms, kind, now_ms)
      %{alerts | courier: courier, told_ms: told_ms, suppressed: 0}
    end
  end

  @doc """
  Tells of the end, whatever was told before and whatever still runs.
  """
  @spec tell_last(t, String.t(), Health.t()) :: t
  def tell_last(alerts, message, health),
    do: tell(%{alerts | courier: %Courier{}, told_ms: %{}}, :ended, message, health, 0)

  @doc "Takes note that a process ended."
  @spec down(t, reference) :: t
  def down(alerts, reference), do: %{alerts | courier: Courier.down(alerts.courier, reference)}

  defp call(callback, alert, turned_away) do
    alert = Map.update!(alert, :suppressed, &(&1 + turned_away))

    case callback do
      {module, function, arguments} -> apply(module, function, [alert | arguments])
      fun -> fun.(alert)
    end
  end
end
