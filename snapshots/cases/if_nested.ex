defmodule Case do
  def walk(x, y) do
    if x > 0 do
      if y > 0 do
        walk(x - 1, y - 1)
      end
    else
      unless y < 0, do: walk(y, 0)
    end
  end
end
