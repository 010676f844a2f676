defmodule ElixirScope.Matchers.Expression do
  @moduledoc false
  # Expressions of guards and messages, in the terms that stand for them in a match
  # specification; as code, since pinned values are known only when it runs.

  # By Elixir's name: what the VM calls it.
  @functions %{
    {:!=, 2} => :"/=",
    {:===, 2} => :"=:=",
    {:!==, 2} => :"=/=",
    {:<=, 2} => :"=<",
    {:and, 2} => :andalso,
    {:or, 2} => :orelse
  }

  # The VM has them under the same name, and with arguments in the same order.
  @same [==: 2, <: 2, >: 2, >=: 2, +: 2, -: 2, *: 2, /: 2, +: 1, -: 1, div: 2, rem: 2] ++
          [not: 1, abs: 1, hd: 1, tl: 1, length: 1, map_size: 1, byte_size: 1, bit_size: 1] ++
          [round: 1, trunc: 1, node: 0, node: 1, self: 0, binary_part: 3] ++
          [is_atom: 1, is_binary: 1, is_float: 1, is_function: 1, is_integer: 1, is_list: 1] ++
          [is_map: 1, is_number: 1, is_pid: 1, is_port: 1, is_reference: 1, is_tuple: 1]

  # As `:erlang` has them, which macros expand to.
  @erlang [:andalso, :orelse, :xor, :"=:=", :"=/=", :"=<", :"/=", :element, :map_get] ++
            [:is_map_key, :band, :bor, :bxor, :bnot, :bsl, :bsr] ++ Keyword.keys(@same)

  @bitwise [&&&: :band, |||: :bor, <<<: :bsl, >>>: :bsr, "~~~": :bnot] ++
             [band: :band, bor: :bor, bxor: :bxor, bnot: :bnot, bsl: :bsl, bsr: :bsr]

  @doc "A call in a match specification."
  def call(name, arguments), do: {:{}, [], [name | arguments]}

  @doc "Whether a term stands for itself, in heads too."
  def plain?(term) when is_number(term) or is_binary(term) or term == [], do: true
  def plain?(term) when is_atom(term), do: not special?(term)
  def plain?(_), do: false

  @doc "What stands for an expression."
  def of(term, state)

  def of({:^, _, [outside]}, _state), do: {:const, outside}
  def of(list, state) when is_list(list), do: Enum.map(list, &element(&1, state))
  def of({left, right}, state), do: tuple([left, right], state)
  def of({:{}, _, elements}, state), do: tuple(elements, state)

  def of({:%{}, _, pairs}, state),
    do: {:%{}, [], for({key, value} <- pairs, do: {of(key, state), of(value, state)})}

  def of({name, _, context} = variable, state) when is_atom(name) and is_atom(context) do
    case state.names do
      %{{^name, ^context} => value} ->
        value

      _ ->
        refuse!(
          variable,
          state.env,
          "no pattern of the clause has the variable #{name}; ^#{name} takes one from outside"
        )
    end
  end

  def of({:__block__, _, [expression]}, state), do: of(expression, state)
  def of({:caller, _, []}, _state), do: call(:caller, [])

  def of({{:., _, [:erlang, name]}, _, arguments}, state) when name in @erlang,
    do: applied(name, arguments, state)

  # `map.field`
  def of({{:., _, [map, field]}, meta, []} = expression, state) when is_atom(field) do
    if meta[:no_parens],
      do: call(:map_get, [field, of(map, state)]),
      else: expand(expression, state)
  end

  def of({:elem, _, [tuple, at]}, state), do: call(:element, [index(at, state), of(tuple, state)])
  def of({:is_map_key, _, [map, key]}, state), do: applied(:is_map_key, [key, map], state)

  # Of a binary the VM's `size` is too.
  def of({:tuple_size, _, [tuple]}, state) do
    tuple = of(tuple, state)
    call(:+, [call(:andalso, [call(:is_tuple, [tuple]), call(:size, [tuple])]), 0])
  end

  def of({:is_boolean, _, [term]}, state) do
    term = of(term, state)
    call(:orelse, [call(:"=:=", [term, true]), call(:"=:=", [term, false])])
  end

  def of({name, _, arguments} = expression, state) when is_atom(name) and is_list(arguments) do
    known = {name, length(arguments)}

    case @functions do
      %{^known => name} -> applied(name, arguments, state)
      _ when known in @same -> applied(name, arguments, state)
      _ -> expand(expression, state)
    end
  end

  def of(term, state) do
    cond do
      plain?(term) -> term
      is_atom(term) -> {:const, term}
      true -> expand(term, state)
    end
  end

  @doc "Says what cannot be, and where."
  @spec refuse!(Macro.t(), Macro.Env.t(), String.t()) :: no_return
  def refuse!(expression, env, description) do
    line = with {_, meta, _} <- expression, line when line != nil <- meta[:line], do: line
    line = if is_integer(line), do: line, else: env.line
    raise CompileError, file: env.file, line: line, description: description
  end

  defp applied(name, arguments, state), do: call(name, Enum.map(arguments, &of(&1, state)))

  defp tuple(elements, state), do: {:{}, [], [{:{}, [], Enum.map(elements, &of(&1, state))}]}

  defp element({:|, meta, [first, rest]}, state),
    do: {:|, meta, [of(first, state), of(rest, state)]}

  defp element(element, state), do: of(element, state)

  defp index(at, _state) when is_integer(at), do: at + 1
  defp index(at, state), do: call(:+, [of(at, state), 1])

  # Macros, aliases and attributes are what they stand for.
  defp expand(expression, state) do
    case Macro.expand(expression, %{state.env | context: :guard}) do
      ^expression -> bitwise(expression, state)
      expanded -> of(expanded, state)
    end
  end

  defp bitwise({{:., _, [module, name]}, _, arguments} = expression, state) do
    if Macro.expand(module, state.env) == Bitwise and Keyword.has_key?(@bitwise, name),
      do: applied(@bitwise[name], arguments, state),
      else: unknown!(expression, state)
  end

  defp bitwise({name, _, arguments} = expression, state) when is_list(arguments) do
    if Keyword.has_key?(@bitwise, name) and
         {Bitwise, [{name, length(arguments)}]} in imports(name, arguments, state),
       do: applied(@bitwise[name], arguments, state),
       else: unknown!(expression, state)
  end

  defp bitwise(expression, state), do: unknown!(expression, state)

  defp imports(name, arguments, state) do
    known = {name, length(arguments)}
    for {module, functions} <- state.env.functions, known in functions, do: {module, [known]}
  end

  @spec unknown!(Macro.t(), struct) :: no_return
  defp unknown!(expression, state) do
    refuse!(
      expression,
      state.env,
      "a match specification cannot call #{Macro.to_string(expression)}: the VM runs it " <>
        "where no code of yours can, and has a part of what guards have"
    )
  end

  # What a match specification would take for a variable or a wildcard.
  defp special?(:_), do: true

  defp special?(atom) do
    case Atom.to_string(atom) do
      "$" <> rest -> rest in ["$", "_"] or Integer.parse(rest) not in [:error]
      _ -> false
    end
  end
end
