defmodule Case do
  def place(order) do
    with {:ok, order} <- check(order) do
      pay(order)
    else
      {:error, :empty} -> :nothing
      {:error, reason} -> place(reason)
    end
  end

  defp check(order), do: {:ok, order}
  defp pay(order), do: order
end
