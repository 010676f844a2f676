defmodule Case do
  def value(x), do: x |> abs() |> then(&{:ok, &1})
  def call(x), do: x |> abs() |> then(&value/1)
  def direct(x), do: then(abs(x), fn n -> value(n) end)
end
