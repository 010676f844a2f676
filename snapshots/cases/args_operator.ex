defmodule Case do
  def left <~> right do
    {left, right}
  end

  def -number, do: {:minus, number}
end
