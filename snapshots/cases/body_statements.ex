defmodule Case do
  def total(order) do
    lines = order.lines
    discount = order.discount
    length(lines) - discount
  end
end
