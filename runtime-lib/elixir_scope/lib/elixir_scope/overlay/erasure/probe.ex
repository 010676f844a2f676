defmodule ElixirScope.Overlay.Erasure.Probe do
  @moduledoc """
  What inserted code looks like, as terms of Elixir's parser.

  Each shape is exact. A probe's id is an integer, that of one which passes values may
  have the limits of these beside it, and what it captures are variables, literals, and
  lists or tuples of those: nothing that could run code.
  The one condition that may be inserted is a guard, which cannot either.

  `sink` is the module whose functions are the probes.
  """

  @wrappers [:leave, :bind, :leave_falsy, :leave_truthy]
  @most_locals 10

  # Operators and functions of Kernel that guards may call, with their arities.
  @guards [
    abs: 1,
    and: 2,
    bit_size: 1,
    byte_size: 1,
    ceil: 1,
    div: 2,
    elem: 2,
    floor: 1,
    hd: 1,
    in: 2,
    is_atom: 1,
    is_binary: 1,
    is_bitstring: 1,
    is_boolean: 1,
    is_exception: 1,
    is_exception: 2,
    is_float: 1,
    is_function: 1,
    is_function: 2,
    is_integer: 1,
    is_list: 1,
    is_map: 1,
    is_map_key: 2,
    is_nil: 1,
    is_number: 1,
    is_pid: 1,
    is_port: 1,
    is_reference: 1,
    is_struct: 1,
    is_struct: 2,
    is_tuple: 1,
    length: 1,
    map_size: 1,
    node: 0,
    node: 1,
    not: 1,
    or: 2,
    rem: 2,
    round: 1,
    self: 0,
    tl: 1,
    trunc: 1,
    tuple_size: 1,
    ==: 2,
    !=: 2,
    ===: 2,
    !==: 2,
    <: 2,
    >: 2,
    <=: 2,
    >=: 2,
    +: 1,
    +: 2,
    -: 1,
    -: 2,
    *: 2,
    /: 2
  ]

  @doc "The expression that a probe stands around, or nil where none does."
  @spec wrapped(Macro.t(), module) :: {:ok, Macro.t()} | nil
  def wrapped({{:., _, [sink, :tail]}, _, [id, value]}, sink) when is_integer(id),
    do: {:ok, value}

  def wrapped({{:., _, [sink, probe]}, _, [id, value]}, sink) when probe in @wrappers,
    do: if(passing?(id), do: {:ok, value})

  def wrapped(_, _sink), do: nil

  @doc "A statement whose value nobody may use: never the last of a block."
  @spec statement?(Macro.t(), module) :: boolean
  def statement?({{:., _, [sink, probe]}, _, [id | captured]}, sink) do
    case probe do
      :enter ->
        passing?(id) and Enum.all?(captured, &inert?/1)

      :locals ->
        passing?(id) and length(captured) <= @most_locals and Enum.all?(captured, &local?/1)

      probe when probe in [:branch, :tail, :leave] ->
        is_integer(id) and captured == []

      _ ->
        false
    end
  end

  # case [] do _ when CONDITION -> locals; _ -> :ok end
  def statement?({:case, _, [[], [do: [taken, {:->, _, [[other], :ok]}]]]}, sink) do
    with {:->, _, [[{:when, _, [any, condition]}], probe]} <- taken,
         {{:., _, [^sink, :locals]}, _, _} <- probe do
      any?(any) and any?(other) and guard?(condition) and statement?(probe, sink)
    else
      _ -> false
    end
  end

  def statement?(_, _sink), do: false

  @doc "A probe that is `nil`, which is what an empty body is."
  @spec nil?(Macro.t(), module) :: boolean
  def nil?(term, sink), do: branch?(term, sink) or leave?(term, sink)

  @doc "A clause was taken."
  @spec branch?(Macro.t(), module) :: boolean
  def branch?({{:., _, [sink, :branch]}, _, [id]}, sink), do: is_integer(id)
  def branch?(_, _sink), do: false

  @doc "A body without a value ends."
  @spec leave?(Macro.t(), module) :: boolean
  def leave?({{:., _, [sink, :leave]}, _, [id]}, sink), do: is_integer(id)
  def leave?(_, _sink), do: false

  @doc """
  A handler's first statement; one of `rescue` has errors only. Its reason is `nil`
  where the clause names it by a variable that must not be read.
  """
  @spec caught?(Macro.t(), :rescue | :catch, module) :: boolean
  def caught?({{:., _, [sink, :caught]}, _, [id, kind, reason, stack]}, section, sink) do
    kind? = kind == :error or (section == :catch and (is_atom(kind) or variable?(kind)))
    passing?(id) and kind? and (is_nil(reason) or variable?(reason)) and stack?(stack)
  end

  def caught?(_, _section, _sink), do: false

  @doc "The clauses of a `catch` that tells what ends a callback, and lets it."
  @spec capture?(Macro.t(), module) :: boolean
  def capture?([{:->, _, [[kind, reason], {:__block__, _, [caught, raise]}]}], sink) do
    with {:scope_kind, _, context} <- kind,
         {:scope_reason, _, ^context} when is_atom(context) <- reason,
         true <- caught?(caught, :catch, sink),
         {_, _, [_, {:scope_kind, _, ^context}, {:scope_reason, _, ^context}, _]} <- caught,
         {{:., _, [:erlang, :raise]}, _, [again, same, stack]} <- raise do
      match?({:scope_kind, _, ^context}, again) and match?({:scope_reason, _, ^context}, same) and
        stack?(stack)
    else
      _ -> false
    end
  end

  def capture?(_, _sink), do: false

  @doc """
  An `else` that yields what its absence would. One that is empty in the original
  counts too: it may hold a probe now.
  """
  @spec absent_else?({:else, Macro.t()}, form :: atom, module) :: boolean
  def absent_else?({:else, [{:->, _, [[{:scope_value, _, context}], value]}]}, :with, sink)
      when is_atom(context) do
    match?({{:., _, [^sink, :leave]}, _, [_, {:scope_value, _, ^context}]}, value) and
      wrapped(value, sink) != nil
  end

  def absent_else?({:else, {:__block__, _, [first, last]}}, form, sink)
      when form in [:if, :unless],
      do: branch?(first, sink) and leave?(last, sink)

  def absent_else?({:else, {:__block__, _, []}}, form, _sink) when form in [:if, :unless],
    do: true

  def absent_else?({:else, value}, form, sink) when form in [:if, :unless], do: nil?(value, sink)
  def absent_else?(_pair, _form, _sink), do: false

  @doc "The name that an argument's pattern was given."
  @spec argument?(Macro.t()) :: boolean
  def argument?({name, _, context}) when is_atom(name) and is_atom(context),
    do: Atom.to_string(name) =~ ~r/\Ascope_arg\d+\z/

  def argument?(_), do: false

  @doc "What `rescue` takes without binding it: an alias, a list of those, anything."
  @spec unbound?(Macro.t()) :: boolean
  def unbound?(list) when is_list(list), do: list != [] and Enum.all?(list, &alias?/1)
  def unbound?(pattern), do: alias?(pattern) or any?(pattern)

  defp alias?({:__aliases__, _, [_ | _]}), do: true
  defp alias?(_), do: false

  defp any?({:_, _, context}), do: is_atom(context)
  defp any?(_), do: false

  defp stack?({:__STACKTRACE__, _, context}), do: is_atom(context)
  defp stack?(_), do: false

  # The id of a probe that passes values, and perhaps four limits of these.
  defp passing?({:{}, _, [_, _, _, _, _] = numbers}), do: Enum.all?(numbers, &is_integer/1)
  defp passing?(id), do: is_integer(id)

  # A secret's value is not passed.
  defp local?(captured), do: captured == :scope_redacted or variable?(captured)

  defp variable?({name, _, context}), do: is_atom(name) and is_atom(context)
  defp variable?(_), do: false

  defp inert?({:{}, _, elements}) when is_list(elements), do: Enum.all?(elements, &inert?/1)
  defp inert?({left, right}), do: inert?(left) and inert?(right)
  defp inert?(list) when is_list(list), do: Enum.all?(list, &inert?/1)
  defp inert?(other), do: variable?(other) or literal?(other)

  defp literal?(term), do: is_atom(term) or is_number(term) or is_binary(term)

  # Parentheses around `not` are a block.
  defp guard?({:__block__, _, [{:not, _, [_]} = only]}), do: guard?(only)
  defp guard?({:{}, _, elements}) when is_list(elements), do: Enum.all?(elements, &guard?/1)
  defp guard?({:__aliases__, _, parts}), do: Enum.all?(parts, &is_atom/1)

  defp guard?({name, _, arguments}) when is_atom(name) and is_list(arguments),
    do: {name, length(arguments)} in @guards and Enum.all?(arguments, &guard?/1)

  defp guard?({left, right}), do: guard?(left) and guard?(right)
  defp guard?(list) when is_list(list), do: Enum.all?(list, &guard?/1)
  defp guard?(other), do: variable?(other) or literal?(other)
end
