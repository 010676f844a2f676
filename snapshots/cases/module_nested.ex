defmodule Case do
  def outer(x), do: Inner.twice(x)

  defmodule Inner do
    def twice(x) do
      2 * x
    end
  end
end
