defmodule Case do
  use GenServer

  def init(x), do: {:ok, x}

  def child_spec(opts) do
    super(opts)
  end
end
