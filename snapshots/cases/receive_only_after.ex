defmodule Case do
  def wait do
    receive do
    after
      1 -> :ok
    end
  end

  def pause(time) do
    receive do
    after
      time -> :ok
    end

    time
  end
end
