defmodule Endings do
  @moduledoc """
  Functions that run a script, a list of steps, and end in as many ways as there are.

  Only the instrumented text of this file is compiled, by `endings_test.exs`.
  """

  def run(steps), do: Enum.map(steps, &step/1)

  def step({:value, value}), do: value
  def step({:raise, text}), do: raise(ArgumentError, text)
  def step({:key, key}), do: Map.fetch!(%{}, key)
  def step({:badarith, x}), do: x + :one
  def step({:throw, value}), do: throw(value)
  def step({:exit, reason}), do: exit(reason)

  def step({:hang, parent}) do
    send(parent, {self(), :hangs})
    Process.sleep(:infinity)
  end

  def step({name, steps}), do: apply(__MODULE__, name, [steps])

  def plain(steps) do
    values = run(steps)
    {:plain, length(values)}
  end

  def tail(steps), do: run(steps)

  def loop([]), do: :done

  def loop([step | rest]) do
    step(step)
    loop(rest)
  end

  def rescuing(steps) do
    run(steps)
  rescue
    error in ArgumentError -> {:rescued, error.message}
    KeyError -> :key
  end

  def catching(steps) do
    {:ok, run(steps)}
  catch
    :throw, value -> {:thrown, value}
    :exit, reason -> {:exited, reason}
  end

  def nested(steps) do
    try do
      try do
        run(steps)
      catch
        value -> {:inner, value}
      end
    rescue
      error -> {:outer, Exception.message(error)}
    end
  end

  def reraising(steps) do
    run(steps)
  rescue
    error -> reraise(error, __STACKTRACE__)
  end

  def rethrowing(steps) do
    run(steps)
  catch
    kind, reason -> :erlang.raise(kind, reason, __STACKTRACE__)
  end

  def cleaning(steps) do
    run(steps)
  after
    step({:value, :cleaned})
  end

  def bound(steps) do
    ended =
      try do
        run(steps)
      catch
        kind, _ -> kind
      else
        values -> {:ok, length(values)}
      end

    {:bound, ended}
  end

  def each(steps) do
    Enum.map(steps, fn step ->
      try do
        step(step)
      catch
        kind, _ -> {:caught, kind}
      end
    end)
  end
end
