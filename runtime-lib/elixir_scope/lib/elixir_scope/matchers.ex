defmodule ElixirScope.Matchers do
  @moduledoc """
  Match specifications that read like Elixir.

  `match_spec/1` takes an anonymous function, and gives what the VM runs in its place
  when a traced function is called (`ElixirScope.trace_calls/2`, option `:match`). The
  first clause whose patterns and guard fit the arguments decides:

      import ElixirScope.Matchers

      ElixirScope.trace_calls({Shop.Cart, :add, 3},
        match:
          match_spec(fn
            _cart, %{price: price}, count when price * count > 1000 -> message({price, count})
            _cart, _item, 0 -> skip()
            _cart, _item, _count -> :ok
          end)
      )

  A call that fits no clause is not told of. Patterns are variables, literals, tuples,
  lists, maps, structs, and `pattern = variable`; guards have what Elixir's may have, as
  far as the VM has it, `defguard`'s too; `^name` is a value from outside. The body of a
  clause is `:ok`, or names what is done:

    * `message(term)` - the term is recorded with the call. It is made of variables,
      literals and what guards may call; `caller()` is the function that called;
    * `skip()` - the call is not told of;
    * `return_trace()`, `exception_trace()` and `silent(boolean)` are OTP's.

  What a match specification cannot express is an error when the code is compiled, with
  its place.
  """

  alias ElixirScope.Matchers.{Expression, Pattern}

  @doc """
  The match specification of an anonymous function.

      iex> import ElixirScope.Matchers
      iex> match_spec(fn {:ok, n}, _ when n > 3 -> message(n) end)
      [{[{:ok, :"$1"}, :_], [{:>, :"$1", 3}], [{:message, :"$1"}]}]

      iex> import ElixirScope.Matchers
      iex> most = 3
      iex> spec = match_spec(fn %{count: n} when n > ^most -> message(n * 2) end)
      iex> {:ok, message, _, _} = :erlang.match_spec_test([%{count: 4, id: 1}], spec, :trace)
      iex> message
      8

  """
  defmacro match_spec({:fn, _, clauses}), do: Enum.flat_map(clauses, &clauses(&1, __CALLER__))

  defmacro match_spec(other) do
    Expression.refuse!(
      other,
      __CALLER__,
      "match_spec/1 takes an anonymous function (fn … -> … end), not #{Macro.to_string(other)}"
    )
  end

  # Where a guard has several parts (`when a when b`), one that fails says nothing of the
  # others: each makes a clause.
  defp clauses({:->, _, [[{:when, _, parts}], body]}, env) do
    {patterns, [guards]} = Enum.split(parts, -1)
    for guard <- alternatives(guards), do: clause(patterns, [guard], body, env)
  end

  defp clauses({:->, _, [patterns, body]}, env), do: [clause(patterns, [], body, env)]

  defp alternatives({:when, _, [guard, rest]}), do: [guard | alternatives(rest)]
  defp alternatives(guard), do: [guard]

  defp clause(patterns, guards, body, env) do
    {head, state} = Enum.map_reduce(patterns, Pattern.new(env), &Pattern.head/2)
    guards = state.guards ++ Enum.map(guards, &Expression.of(&1, state))
    {:{}, [], [head, guards, actions(body, state)]}
  end

  defp actions({:__block__, _, statements}, state),
    do: Enum.flat_map(statements, &action(&1, state))

  defp actions(statement, state), do: action(statement, state)

  defp action(nothing, _state) when nothing in [:ok, nil, true], do: []
  defp action({:message, _, [term]}, state), do: [{:message, Expression.of(term, state)}]
  defp action({:skip, _, []}, _state), do: [{:message, false}]
  defp action({:silent, _, [flag]}, state), do: [{:silent, Expression.of(flag, state)}]

  defp action({name, _, []}, _state) when name in [:return_trace, :exception_trace],
    do: [{:{}, [], [name]}]

  defp action(other, state) do
    Expression.refuse!(
      other,
      state.env,
      "the body of a match specification names actions: message(term), skip(), " <>
        "return_trace(), exception_trace(), silent(boolean) or :ok, not #{Macro.to_string(other)}"
    )
  end
end
