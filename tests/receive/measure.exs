# What a call takes whose caller has no messages, and 100 000.
#
#     elixir -pa BEAMS tests/receive/measure.exs
#
# Prints `SHAPE MICROSECONDS MICROSECONDS`, a line each.

defmodule Measure do
  @waiting 100_000
  @calls 200
  @rounds 25

  def run do
    server = spawn_link(&serve/0)
    shapes = for {shape, 2} <- Shapes.__info__(:functions), do: shape
    empty = for shape <- shapes, do: least(shape, server)
    for number <- 1..@waiting, do: send(self(), {:waiting, number})
    full = for shape <- shapes, do: least(shape, server)

    for {shape, empty, full} <- Enum.zip([shapes, empty, full]),
        do: IO.puts("#{shape} #{empty} #{full}")
  end

  # What else the machine does can only add.
  defp least(shape, server) do
    calls(shape, server)
    Enum.min(for _ <- 1..@rounds, do: elem(:timer.tc(fn -> calls(shape, server) end), 0)) / @calls
  end

  defp calls(shape, server), do: for(_ <- 1..@calls, do: apply(Shapes, shape, [server, :ping]))

  defp serve do
    receive do
      {:call, {to, ref}, request} -> send(to, {ref, request})
    end

    serve()
  end
end

Measure.run()
