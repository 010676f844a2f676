defmodule Case do
  def count(x) do
    if x > 0 do
      count(x - 1)
    else
      :done
    end
  end

  def one_line(x), do: if(x > 0, do: one_line(x - 1), else: :done)
end
