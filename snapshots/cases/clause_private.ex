defmodule Case do
  def visible(x), do: hidden(x)

  defp hidden(x) do
    {:hidden, x}
  end
end
