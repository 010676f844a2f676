defmodule Case do
  def shipping(cents, pieces) do
    cond do
      cents >= 5_000 -> 0
      pieces > 20 -> charge(pieces)
      true -> 390
    end
  end

  defp charge(pieces), do: 100 * pieces
end
