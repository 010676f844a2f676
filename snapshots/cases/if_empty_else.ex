defmodule Case do
  def empty(x) do
    if x > 0 do
      empty(x - 1)
    else
    end
  end
end
