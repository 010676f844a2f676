defmodule Case do
  def sign(0), do: :zero
  def sign(n) when n > 0, do: :plus

  def sign(_n) do
    :minus
  end
end
