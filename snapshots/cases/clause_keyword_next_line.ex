defmodule Case do
  def label(order),
    do: "order " <> order.id

  def none, do: nil
end
