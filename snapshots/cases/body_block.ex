defmodule Case do
  def both(x) do
    (
      y = x + 1
      y * 2
    )
  end

  def inline(x), do: (y = x + 1; y * 2)
end
