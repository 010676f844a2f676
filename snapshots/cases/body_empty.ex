defmodule Case do
  def nothing(_x) do
  end

  def less do
    # nothing yet
  end

  def least do end
end
