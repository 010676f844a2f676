defmodule Case do
  def poll(timeout) do
    receive do
      {:answer, answer} -> answer
    after
      timeout -> poll(timeout)
    end
  end

  def flush do
    receive do
      _ -> flush()
    after
      0 ->
        :ok
    end
  end
end
