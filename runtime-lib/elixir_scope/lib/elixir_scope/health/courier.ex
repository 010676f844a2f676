defmodule ElixirScope.Health.Courier do
  @moduledoc """
  Runs functions that are not ours, each in a process of its own, one at a time.

  What such a function does harms nobody else: not when it raises, and not when it
  takes long. While one runs, further ones are turned away and counted; one that runs
  for more than a minute is killed when the next is due.
  """

  @longest_ms 60_000

  @type t :: %__MODULE__{
          running: {pid, reference, since_ms :: integer} | nil,
          turned_away: non_neg_integer
        }
  defstruct running: nil, turned_away: 0

  @doc """
  Runs `fun`, unless one still runs; `fun` is given how many were turned away since the
  last one that ran.

  The calling process is sent a `:DOWN` message for `down/2`. `now_ms` is the VM's
  monotonic time.
  """
  @spec run(t, (non_neg_integer -> term), integer) :: t
  def run(courier, fun, now_ms \\ System.monotonic_time(:millisecond))

  def run(%{running: nil} = courier, fun, now_ms) do
    count = courier.turned_away
    {pid, reference} = spawn_monitor(fn -> fun.(count) end)
    %{courier | running: {pid, reference, now_ms}, turned_away: 0}
  end

  def run(%{running: {pid, reference, since_ms}} = courier, fun, now_ms)
      when now_ms - since_ms > @longest_ms do
    Process.demonitor(reference, [:flush])
    Process.exit(pid, :kill)
    run(%{courier | running: nil}, fun, now_ms)
  end

  def run(courier, _fun, _now_ms), do: %{courier | turned_away: courier.turned_away + 1}

  @doc """
  Takes note that a process ended, if it was this one's.
  """
  @spec down(t, reference) :: t
  def down(%{running: {_, reference, _}} = courier, reference), do: %{courier | running: nil}
  def down(courier, _reference), do: courier
end
