defmodule Case do
  def outer(x) do
    y = inner(x)
    inner(y, key: x)
  end

  def nested(x), do: inner(inner(inner(x)))
  def empty, do: none()

  defp inner(x, opts \\ []), do: {x, opts}
  defp none, do: nil
end
