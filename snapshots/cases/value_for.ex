defmodule Case do
  def doubled(list) do
    for x <- list, x > 0 do
      double(x)
    end
  end

  def into(list), do: for({k, v} <- list, into: %{}, do: {k, v})

  def reduced(list) do
    for x <- list, reduce: 0 do
      sum -> sum + x
    end
  end

  defp double(x), do: 2 * x
end
