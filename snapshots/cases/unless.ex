defmodule Case do
  def drain(queue) do
    unless queue == [] do
      drain(tl(queue))
    end
  end

  def value(x) do
    unless x, do: 1, else: 2
  end
end
