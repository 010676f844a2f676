defmodule Shop.Loops do
  @moduledoc """
  Countdowns whose every turn is a tail call, each of another kind.

  None needs more memory for a million turns than for one.
  """

  use Shop.Loops.Turns

  @doc "Goes back and forth between two modules."
  @spec across(non_neg_integer()) :: :done
  def across(0), do: :done
  def across(n), do: Shop.Loops.Partner.across(n - 1)

  @doc "Calls itself by name."
  @spec applied(non_neg_integer()) :: :done
  def applied(0), do: :done
  def applied(n), do: apply(__MODULE__, :applied, [n - 1])

  @doc "Calls a captured function of this module."
  @spec captured(non_neg_integer()) :: :done
  def captured(n), do: turn(&turn/2, n)

  defp turn(_next, 0), do: :done
  defp turn(next, n), do: next.(next, n - 1)

  @doc "Calls a function without a name."
  @spec anonymous(non_neg_integer()) :: :done
  def anonymous(n) do
    next = fn
      _next, 0 -> :done
      next, n -> next.(next, n - 1)
    end

    next.(next, n)
  end

  @doc "Calls what `use` has defined here, which calls back."
  @spec used(non_neg_integer()) :: :done
  def used(n), do: start(n)

  @impl Shop.Loops.Turns
  def next(n), do: start(n - 1)

  @doc "Waits for itself."
  @spec received(non_neg_integer()) :: :done
  def received(n) do
    send(self(), n)

    receive do
      0 -> :done
      n -> received(n - 1)
    end
  end
end
