defmodule Case do
  # before the clause
  def total(order) do # after do
    # before the first statement
    lines = order.lines

    # between
    length(lines) # after the value
    # before end
  end
end
