defmodule Case do
  def maybe(x) do
    if x > 0 do
      x - 1
    end
  end

  def loop(x) do
    if x > 0 do
      loop(x - 1)
    end
  end

  def one_line(x) do
    if x > 0, do: one_line(x - 1)
  end

  def keyword(x), do: if(x > 0, do: keyword(x - 1))
end
