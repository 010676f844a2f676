defmodule Case do
  def both(x, y), do: if(x, do: if(y, do: both(y, x)))

  def bare(x, y) do
    if x, do: if y, do: bare(y, x)
  end

  def spaced(x, y) do
    if x, do: spaced y, x
  end

  def with_inside(x) do
    unless x == [], do: with {:ok, y} <- x, do: with_inside(y)
  end

  def in_else(x, y) do
    if x, do: y, else: if y, do: in_else(y, x)
  end
end
