defmodule ElixirScope.Test.Called do
  @moduledoc "Functions without probes."

  def outer(n), do: {:outer, inner(n) + 1}
  def inner(n), do: private(n) * 2
  defp private(n), do: div(100, n)

  def last(n), do: inner(n)

  def spin(0), do: :over
  def spin(n), do: spin(n - 1)
end
