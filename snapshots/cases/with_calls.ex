defmodule Case do
  def place(order) do
    with {:ok, order} <- check(order),
         total = length(order),
         {:ok, order} <- check(order) do
      pay(order, total)
    end
  end

  def plain(order) do
    with checked <- check(order) do
      pay(checked, 1)
    end
  end

  def keyword(order), do: with({:ok, order} <- check(order), do: pay(order, 1))

  defp check(order), do: {:ok, order}
  defp pay(order, total), do: {order, total}
end
