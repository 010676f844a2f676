defmodule Case do
  def caught(fun) do
    try do
      fun.()
    catch
      :throw, value -> thrown(value)
      :exit, reason -> {:exit, reason}
    end
  end

  defp thrown(value), do: value
end
