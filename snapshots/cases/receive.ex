defmodule Case do
  def loop(state) do
    receive do
      {:put, value} -> loop([value | state])
      {:get, pid} ->
        send(pid, state)
        loop(state)
      :stop -> :ok
    end
  end
end
