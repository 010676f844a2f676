defmodule Case do
  @limit 5

  def variable(x), do: x
  def field(order), do: order.total
  def key(order), do: order[:total]
  def attribute, do: @limit
  def here, do: __MODULE__
end
