defmodule Case do
  import Shop.Money, only: [add: 2]

  def total(a, b) do
    add(a, cents(b))
  end

  defp cents(b), do: b
end
