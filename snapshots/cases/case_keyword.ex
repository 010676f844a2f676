defmodule Case do
  def run(x), do: (case x do 1 -> next(x); _ -> 0 end)

  defp next(x), do: x
end
