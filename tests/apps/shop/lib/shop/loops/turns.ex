defmodule Shop.Loops.Turns do
  @moduledoc "A countdown that asks its user's `c:next/1` for each turn."

  @doc "What follows when there is something left."
  @callback next(pos_integer()) :: :done

  @doc false
  defmacro __using__(_options) do
    quote do
      @behaviour Shop.Loops.Turns

      @doc false
      def start(0), do: :done
      def start(n), do: next(n)
    end
  end
end
