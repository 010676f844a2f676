defmodule ElixirScope.Health.Breaker do
  @moduledoc """
  Decides how much detail a recording has, from how much it strains the system.

  It knows no clock and no unit: it is told, look after look, what each measure is as
  a multiple of its budget. Two looks over budget in a row lower the detail by one
  level (one look does, when it is four times over), until nothing is recorded at all.
  A level comes back when every measure has been below half of its budget for as many
  looks as its patience says.

  What the next level would cost is known only by trying it. So that a load which is
  too much for it does not switch it on and off, each attempt that fails doubles the
  patience, up to `#{300}` looks; it is forgotten after a long calm time at full detail.
  """

  @levels [:off, :boundaries, :branches, :values]
  @patience 5
  @most_patience 300
  @looks_over 2
  @far_over 4.0
  @calm 0.5

  @typedoc "How much is recorded: the fewest first, `:off`, `:boundaries`, `:branches`, `:values`."
  @type level :: :off | :boundaries | :branches | :values

  @typedoc "Each measure as a multiple of its budget."
  @type pressures :: %{optional(atom) => number}

  @typedoc "What changed, and the measure that was the highest."
  @type change :: %{from: level, to: level, reason: atom, pressure: float}

  @type t :: %__MODULE__{
          level: level,
          over: non_neg_integer,
          calm: non_neg_integer,
          patience: pos_integer,
          since_raised: non_neg_integer | :never,
          changes: non_neg_integer
        }

  defstruct level: :values,
            over: 0,
            calm: 0,
            patience: @patience,
            since_raised: :never,
            changes: 0

  @doc "The levels, the one with the fewest events first."
  @spec levels() :: [level]
  def levels, do: @levels

  @doc """
  Takes one look.

      iex> alias ElixirScope.Health.Breaker
      iex> {breaker, nil} = Breaker.step(%Breaker{}, %{overhead: 1.5, drops: 0.0})
      iex> {breaker, change} = Breaker.step(breaker, %{overhead: 1.5, drops: 0.0})
      iex> change
      %{from: :values, to: :branches, reason: :overhead, pressure: 1.5}
      iex> breaker.level
      :branches

  """
  @spec step(t, pressures) :: {t, change | nil}
  def step(breaker, pressures) do
    {reason, pressure} = Enum.max_by(pressures, &elem(&1, 1), fn -> {:none, 0.0} end)

    breaker
    |> count(pressure)
    |> decide(pressure)
    |> describe(breaker, reason, pressure)
  end

  defp count(breaker, pressure) do
    since = if breaker.since_raised == :never, do: :never, else: breaker.since_raised + 1

    %{
      breaker
      | over: if(pressure > 1.0, do: breaker.over + 1, else: 0),
        calm: if(pressure <= @calm, do: breaker.calm + 1, else: 0),
        since_raised: since
    }
  end

  defp decide(breaker, pressure) do
    cond do
      breaker.over >= @looks_over or pressure > @far_over ->
        lower(breaker)

      breaker.calm < breaker.patience ->
        breaker

      breaker.level != :values ->
        raise_level(breaker)

      breaker.calm > 2 * breaker.patience ->
        %{breaker | patience: @patience, since_raised: :never}

      true ->
        breaker
    end
  end

  defp lower(%{level: :off} = breaker), do: breaker

  # It was raised too soon: the next time it takes longer.
  defp lower(%{since_raised: since, patience: patience} = breaker) when since <= patience do
    patience = min(2 * patience, @most_patience)
    lower(%{breaker | patience: patience, since_raised: :never})
  end

  defp lower(breaker), do: %{move(breaker, -1) | since_raised: :never}

  defp raise_level(breaker), do: %{move(breaker, 1) | since_raised: 0}

  defp move(breaker, by) do
    at = Enum.find_index(@levels, &(&1 == breaker.level))
    %{breaker | level: Enum.at(@levels, at + by), over: 0, calm: 0, changes: breaker.changes + 1}
  end

  defp describe(%{level: level} = breaker, %{level: level}, _reason, _pressure),
    do: {breaker, nil}

  defp describe(breaker, %{level: from}, reason, pressure),
    do: {breaker, %{from: from, to: breaker.level, reason: reason, pressure: pressure / 1}}
end
