defmodule A.B do
  # hi
  @spec f(t) :: t
  def f(a, %{b: c} = d \\ 1) when a > 1 and c, do: g a, b: 1
  def f(<<x, rest::binary>>, _) do
    with {:ok, a} <- g(x), b <- 1 do
      a |> h(1) |> i()
    else
      :error -> nil
      {:x, y} when y > 1 ->
        !a
    end
  rescue
    e in [A] -> f.(x)
  after
    &foo(&1)
  end
  def z, do: (a; b)
  def w do end
  def q(x), do: if x, do: y.z, else: (fn a -> b; c end)
end
