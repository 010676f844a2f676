# Events to be counted by callgrind: `cargo xtask check instructions` compiles and runs this.

defmodule Bench.Count do
  @moduledoc false
  # It counts within the native functions `enter` and `leave`, and begins a new part
  # whenever `tail` was called: two for each shape, one to get going and one that counts.

  @turns 1000

  def run(directory) do
    :ok = ElixirScope.Native.load()

    for {name, _, _, loop} <- Bench.Shapes.all() do
      {:ok, _} = ElixirScope.start_recording([dir: directory] ++ Bench.Shapes.limits())

      for turns <- [10, @turns] do
        loop.(turns)
        :scope_probe.tail(1)
      end

      :ok = ElixirScope.stop_recording()
      IO.puts("#{@turns} #{name}")
    end
  end
end
