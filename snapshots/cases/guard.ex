defmodule Case do
  def half(number) when is_integer(number) do
    div(number, 2)
  end

  def half({number, unit}) when is_integer(number), do: {div(number, 2), unit}
end
