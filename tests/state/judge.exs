# Compares states that are read back with those that were: `judge.exs RUN LOG TIMES ACK`.
#
# TIMES moments are chosen at random, none within a change. Prints what it found, and
# ends with 1 if a state was not what it was, or if a moment is not known behind one
# that is. ACK is the last change that is known to have happened.
Code.require_file("updates.exs", __DIR__)

defmodule Judge do
  # Of the clocks' conversion, in ns.
  @tolerance 5_000

  # The recording's start, by the clock that the log has (wire's segment.rs).
  def start(run) do
    headers =
      for file <- Path.wildcard(Path.join(run, "*.seg")),
          <<"ESCOPE", _::binary-size(50), ticks::little-64, ns::little-64, _::binary>> <- [head(file)],
          do: {ticks, ns}

    headers |> Enum.min() |> elem(1)
  end

  defp head(file), do: File.open!(file, [:read, :raw], &IO.binread(&1, 128))

  # `{change, before, after}`, in ns from the start.
  def log(file, start) do
    for line <- File.stream!(file), String.ends_with?(line, "\n") do
      [n, before, behind] = line |> String.split() |> Enum.map(&String.to_integer/1)
      {n, before - start, behind - start}
    end
  end

  # `{moment, change}`: the last change before it; moments in order.
  def moments(log, count) do
    quiet =
      for [{n, _, from}, {_, to, _}] <- Enum.chunk_every(log, 2, 1, :discard),
          to - from > 2 * @tolerance,
          do: {n, from + @tolerance, to - @tolerance}

    total = Enum.sum(for {_, from, to} <- quiet, do: to - from)
    choices = Enum.sort(for _ <- 1..count, do: :rand.uniform(total) - 1)
    pick(choices, quiet, 0)
  end

  # As if all quiet times stood in a row, which begins at `passed`.
  defp pick([], _, _), do: []

  defp pick([choice | rest] = choices, [{n, from, to} | later] = quiet, passed) do
    if choice < passed + to - from,
      do: [{from + choice - passed, n} | pick(rest, quiet, passed)],
      else: pick(choices, later, passed + to - from)
  end

  # Whether each moment's state is what it was: `:right`, `:wrong` or `:unknown`.
  def answers(run, moments) do
    {answers, _} =
      Enum.map_reduce(moments, {0, Updates.start()}, fn {at, n}, {last, state} ->
        state = if n > last, do: Enum.reduce((last + 1)..n, state, &Updates.change(&2, &1)), else: state
        {answer(run, at, Updates.seen(state)), {n, state}}
      end)

    answers
  end

  defp answer(run, at, state) do
    case ElixirScope.state_at(":observed", at, run: run) do
      {:ok, %{state: ^state}} -> :right
      {:ok, _} -> :wrong
      {:error, _} -> :unknown
    end
  end
end

[run, log, times, ack] = System.argv()
:rand.seed(:exsss, {5, 5, 5})
log = Judge.log(log, Judge.start(run))
answers = Judge.answers(run, Judge.moments(log, String.to_integer(times)))
count = Enum.frequencies(answers)
IO.puts("right #{count[:right] || 0}\nwrong #{count[:wrong] || 0}\nunknown #{count[:unknown] || 0}")

# What was written last is there, and so is what was acknowledged.
{:ok, last} = ElixirScope.state_at(":observed", 2 ** 62, run: run)
n = last.state.updates
right = Updates.seen(Enum.reduce(1..n//1, Updates.start(), &Updates.change(&2, &1)))
IO.puts("last #{n}, acknowledged #{ack}")

holes? = :unknown in Enum.drop_while(answers, &(&1 == :unknown))
lost? = n < String.to_integer(ack) or last.state != right
System.halt(if count[:wrong] || holes? || lost? || count[:right] == nil, do: 1, else: 0)
