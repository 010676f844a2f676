defmodule Case do
  def loop(x) do
    if x > 0 do
      loop(x - 1)
      # that is all
    end
  end
end
