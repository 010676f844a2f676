defmodule Case do
  require IEx

  def stop(x) do
    y = x + 1
    IEx.pry()
    y
  end
end
