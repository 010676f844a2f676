defmodule Case do
  defguard is_small(x) when x < 10
  defguardp is_tiny(x) when x < 2

  defmacro twice(x) do
    quote do
      2 * unquote(x)
    end
  end

  defmacro __using__(_opts) do
    quote do
      def injected(x), do: x
    end
  end

  def small?(x) when is_small(x), do: not is_tiny(x)
end
