defmodule Case do
  defdelegate reverse(list), to: Enum

  def back(list), do: reverse(list)
end
