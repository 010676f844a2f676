defmodule Case do
  def bare do
    other
  end

  def spaced(x) do
    twice x
  end

  def remote(order) do
    Shop.Payments.charge order, currency: :eur
  end

  def loop do
    receive do
      :again -> loop
      :stop -> :ok
    end
  end

  def shadowed(other), do: other

  def matched(x) do
    {:ok, other} = x
    other
  end

  defp other, do: 1
  defp twice(x), do: 2 * x
end
