defmodule ElixirScope.Matchers.Pattern do
  @moduledoc false
  # Patterns of a clause: heads of a match specification, and guards for what a head
  # cannot say.
  #
  # A map in a head would have these keys and no others, and two patterns cannot stand in
  # one place. So what is in a map, or beside a variable, is told by guards over an
  # expression (`{:map_get, :price, :"$1"}`) that stands for the value; and a name there
  # stands for its expression wherever it is used.

  alias ElixirScope.Matchers.Expression

  # `names`: what stands for a variable; `next`: the number of the next `:"$N"`.
  defstruct [:env, names: %{}, guards: [], next: 1]

  @doc "No name is bound yet."
  def new(env), do: %__MODULE__{env: env}

  @doc "A head for a pattern; what it cannot say is added to the guards."
  def head({:_, _, context}, state) when is_atom(context), do: {:_, state}

  def head({name, _, context} = variable, state) when is_atom(name) and is_atom(context) do
    case state.names do
      # Twice in a head: the VM compares.
      %{{^name, ^context} => place} when is_atom(place) -> {place, state}
      _ -> placed(variable, state)
    end
  end

  def head({:{}, _, elements}, state) do
    {elements, state} = Enum.map_reduce(elements, state, &head/2)
    {{:{}, [], elements}, state}
  end

  def head({left, right}, state) do
    {left, state} = head(left, state)
    {right, state} = head(right, state)
    {{left, right}, state}
  end

  def head([{:|, _, [first, rest]}], state), do: cell(first, rest, state)
  def head([first | rest], state), do: cell(first, rest, state)

  def head(pattern, state) do
    if Expression.plain?(pattern),
      do: {pattern, state},
      else: expand(pattern, state, &head/2, &placed/2)
  end

  defp cell(first, rest, state) do
    {first, state} = head(first, state)
    {rest, state} = head(rest, state)
    {[{:|, [], [first, rest]}], state}
  end

  defp placed(pattern, %{next: next} = state) do
    place = :"$#{next}"
    {place, within(pattern, place, %{state | next: next + 1})}
  end

  # Adds what a pattern says of the value that an expression stands for.
  defp within({:_, _, context}, _value, state) when is_atom(context), do: state

  defp within({name, _, context}, value, state) when is_atom(name) and is_atom(context) do
    case state.names do
      %{{^name, ^context} => known} -> guard(state, [:"=:=", value, known])
      names -> %{state | names: Map.put(names, {name, context}, value)}
    end
  end

  defp within({:=, _, [left, right]}, value, state),
    do: within(right, value, within(left, value, state))

  defp within({:^, _, [_]} = pinned, value, state), do: equal(pinned, value, state)
  defp within({left, right}, value, state), do: tuple([left, right], value, state)
  defp within({:{}, _, elements}, value, state), do: tuple(elements, value, state)

  defp within([{:|, _, [first, rest]}], value, state), do: cons(first, rest, value, state)
  defp within([first | rest], value, state), do: cons(first, rest, value, state)

  defp within({:%{}, _, pairs}, value, state),
    do: Enum.reduce(pairs, guard(state, [:is_map, value]), &pair(&1, value, &2))

  defp within({:%, _, [name, {:%{}, _, pairs}]}, value, state) do
    state = within({:%{}, [], [{:__struct__, name} | pairs]}, value, state)
    guard(state, [:is_atom, Expression.call(:map_get, [:__struct__, value])])
  end

  defp within(pattern, value, state) do
    if Expression.plain?(pattern) or is_atom(pattern) do
      equal(pattern, value, state)
    else
      {_, state} = expand(pattern, state, &{nil, within(&1, value, &2)}, &unknown/2)
      state
    end
  end

  defp equal(pattern, value, state),
    do: guard(state, [:"=:=", value, Expression.of(pattern, state)])

  defp tuple(elements, value, state) do
    state =
      guard(guard(state, [:is_tuple, value]), [
        :"=:=",
        Expression.call(:size, [value]),
        length(elements)
      ])

    elements
    |> Enum.with_index(1)
    |> Enum.reduce(state, fn {element, at}, state ->
      within(element, Expression.call(:element, [at, value]), state)
    end)
  end

  # `hd` of what is no list fails, and so does the guard.
  defp cons(first, rest, value, state) do
    state = guard(guard(state, [:is_list, value]), [:"=/=", value, []])
    state = within(first, Expression.call(:hd, [value]), state)
    within(rest, Expression.call(:tl, [value]), state)
  end

  defp pair({key, pattern}, value, state) do
    key = Expression.of(key, state)
    state = guard(state, [:is_map_key, key, value])
    within(pattern, Expression.call(:map_get, [key, value]), state)
  end

  defp guard(state, [name | arguments]),
    do: %{state | guards: state.guards ++ [Expression.call(name, arguments)]}

  # Macros, aliases and attributes are what they stand for; `otherwise` has what is left.
  defp expand(pattern, state, again, otherwise) do
    case Macro.expand(pattern, %{state.env | context: :match}) do
      ^pattern -> otherwise.(checked(pattern, state), state)
      expanded -> again.(expanded, state)
    end
  end

  defp checked({form, _, _} = pattern, _state) when form in [:=, :^, :%{}, :%], do: pattern
  defp checked(atom, _state) when is_atom(atom), do: atom
  defp checked(pattern, state), do: unknown(pattern, state)

  defp unknown({:<<>>, _, _} = pattern, state), do: refuse!(pattern, "take a binary apart", state)
  defp unknown({:<>, _, _} = pattern, state), do: refuse!(pattern, "take a binary apart", state)
  defp unknown(pattern, state), do: refuse!(pattern, "have this pattern", state)

  defp refuse!(pattern, what, state) do
    Expression.refuse!(
      pattern,
      state.env,
      "a match specification cannot #{what}: #{Macro.to_string(pattern)}"
    )
  end
end
