defmodule Case do
  @limit 5

  def limited?(@limit), do: true
  def limited?('five'), do: true
  def limited?(~D[2024-02-29]), do: false
end
