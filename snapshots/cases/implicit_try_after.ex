defmodule Case do
  def closed(fun) do
    fun.()
  after
    cleanup()
  end

  def all(fun) do
    fun.()
  rescue
    error -> {:raised, error}
  after
    cleanup()
    :ignored
  end

  defp cleanup, do: :ok
end
