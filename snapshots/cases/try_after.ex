defmodule Case do
  def guarded(fun) do
    try do
      fun.()
    after
      cleanup()
    end
  end

  defp cleanup, do: :ok
end
