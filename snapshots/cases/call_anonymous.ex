defmodule Case do
  def now(fun), do: fun.()

  def later(fun, x) do
    fun.(x, inspect(x))
  end

  def field(state, x), do: state.callback.(x)
end
