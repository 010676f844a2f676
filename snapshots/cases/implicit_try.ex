defmodule Case do
  def rescued(fun) do
    fun.()
  rescue
    error -> again(error)
  end

  def caught(fun) do
    value = fun.()
    {:ok, value}
  catch
    :throw, value -> value
  end

  def answered(fun) do
    fun.()
  rescue
    error -> {:raised, error}
  else
    value -> again(value)
  end

  defp again(value), do: value
end
