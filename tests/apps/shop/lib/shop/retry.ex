defmodule Shop.Retry do
  @moduledoc "Trying again, giving up, and cleaning up."

  @type failure :: {:error, Exception.t(), Exception.stacktrace()}

  @doc """
  Calls `fun`, again after an exception, at most `attempts` times.

      iex> Shop.Retry.run(fn -> :done end)
      :done

  """
  @spec run((() -> result), pos_integer()) :: result | {:error, Exception.t()} when result: term()
  def run(fun, attempts \\ 3) when attempts > 0 do
    fun.()
  rescue
    error in [ArgumentError, RuntimeError] ->
      if attempts > 1, do: run(fun, attempts - 1), else: {:error, error}
  end

  @doc "Calls `fun` while a counter says that somebody is busy."
  @spec busy(:counters.counters_ref(), (() -> result)) :: result when result: term()
  def busy(counter, fun) do
    :counters.add(counter, 1, 1)
    fun.()
  after
    :counters.sub(counter, 1, 1)
  end

  @doc """
  Turns each way of leaving a function into a value.

      iex> Shop.Retry.outcome(fn -> throw(:ball) end)
      {:thrown, :ball}

      iex> Shop.Retry.outcome(fn -> 1 + 1 end)
      {:returned, 2}

  """
  @spec outcome((() -> term())) :: {:returned | :raised | :thrown | :exited, term()}
  def outcome(fun) do
    try do
      fun.()
    rescue
      error -> {:raised, Exception.message(error)}
    catch
      :throw, value -> {:thrown, value}
      :exit, reason -> {:exited, reason}
    else
      value -> {:returned, value}
    end
  end

  @doc "Calls `fun`; a failure comes with the place it happened at."
  @spec explain((() -> result)) :: {:ok, result} | failure() when result: term()
  def explain(fun) do
    {:ok, fun.()}
  rescue
    error -> {:error, error, __STACKTRACE__}
  end

  @doc "Lets `fun` fail, but tells `observer` first. The stack trace stays the original one."
  @spec observe((() -> result), (Exception.kind(), term() -> term())) :: result
        when result: term()
  def observe(fun, observer) do
    fun.()
  catch
    kind, reason ->
      observer.(kind, reason)
      :erlang.raise(kind, reason, __STACKTRACE__)
  end

  @doc """
  The first element that `fun` finds something in, without a look at the others.

      iex> Shop.Retry.first([1, 2, 3], fn n -> if n > 1, do: {:found, n * n} end)
      4

  """
  @spec first(Enumerable.t(), (term() -> {:found, found} | nil)) :: found | nil when found: term()
  def first(enumerable, fun) do
    Enum.each(enumerable, fn element ->
      with {:found, value} <- fun.(element), do: throw({__MODULE__, value})
    end)

    nil
  catch
    {__MODULE__, value} -> value
  end

  @doc "Asks `fun` until it says yes: `:ok`, or nil when it was asked `left` times."
  @spec poll((() -> as_boolean(term())), non_neg_integer(), non_neg_integer()) :: :ok | nil
  def poll(fun, left \\ 200, pause \\ 5)

  def poll(fun, left, pause) do
    if left > 0 do
      case fun.() do
        answer when answer in [nil, false] ->
          Process.sleep(pause)
          poll(fun, left - 1, pause)

        _yes ->
          :ok
      end
    end
  end
end
