defmodule Case do
  def sum(x) do
    quote do
      def added(y), do: unquote(x) + y
    end
  end
end
