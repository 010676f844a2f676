defmodule Case do
  def swap({left, right}) do
    {right, left}
  end
end
