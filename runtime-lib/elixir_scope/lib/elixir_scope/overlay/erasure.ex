defmodule ElixirScope.Overlay.Erasure do
  @moduledoc """
  Proves that an instrumented text is the original and nothing but probes.

  Both texts go through Elixir's own parser. The probes are erased from the
  second term, and what remains must be the first, line numbers included. Only
  columns may differ, since a probe moves what stands behind it on its line.

  Erasing is strict where a looser rule would let a change of meaning through:

    * a probe's id is an integer, and what it captures are variables, literals,
      and lists or tuples of those: nothing that could run code;
    * a statement that is a probe goes, but not the last one of a block, whose
      value is the block's, unless the original block was empty (`leave(id)` is `nil`);
    * an inserted `else` goes only from `if` and `unless` (where it yields `nil`,
      as its absence does) and, as the clause that hands every value on, from `with`.

  The parser itself hides two things, so they are equal here: parentheses around
  a lone `not`/`!`, and an empty body against `nil`.
  """

  @wrappers [:leave, :tail, :bind, :leave_falsy, :leave_truthy]
  @mark :elixir_scope_erased
  @bodies [:do, :else, :after, :rescue, :catch]
  @reserved ["scope_probe", "scope_arg", "scope_value"]

  @type refusal :: {:refused, line :: non_neg_integer, message :: String.t()}

  @doc """
  Checks `instrumented` against `original` and returns the term to compile.

  `options` are the project's `:parser_options`; `file` is the original's path.
  """
  @spec check(String.t(), String.t(), Path.t(), keyword) :: {:ok, Macro.t()} | refusal
  def check(original, instrumented, file, options \\ []) do
    options = Keyword.put(options, :file, file)

    with {:ok, clean} <- parse(original, options, "the original text"),
         :ok <- free_of_ours(original, clean),
         {:ok, probed} <- parse(instrumented, options, "the instrumented text") do
      case difference(clean, erase(probed), 1) do
        nil -> {:ok, probed}
        {line, expected, found} -> {:refused, line, explain(expected, found)}
      end
    end
  end

  @doc """
  Removes every probe from a quoted expression.
  """
  @spec erase(Macro.t()) :: Macro.t()
  def erase({{:., _, [:scope_probe, probe]}, _, [id, value]})
      when probe in @wrappers and is_integer(id),
      do: single(erase(value), [])

  def erase({:__block__, meta, statements}) when is_list(statements),
    do: block(meta, statements, Enum.reject(statements, &statement?/1))

  def erase({:=, meta, [pattern, {name, _, context} = variable]})
      when is_atom(name) and is_atom(context) do
    if argument?(name),
      do: erase(pattern),
      else: {:=, meta, [erase(pattern), variable]}
  end

  def erase({:->, meta, [left, right]}), do: {:->, meta, [erase(left), body(right)]}

  def erase({form, meta, arguments})
      when form in [:if, :unless, :with] and is_list(arguments),
      do: {form, meta, arguments |> drop_else(form) |> Enum.map(&erase/1)}

  def erase({form, meta, arguments}), do: {erase(form), meta, erase(arguments)}

  # The value of `after` is discarded, so there a probe may stand last.
  def erase({:after, {:__block__, meta, [_, _ | _] = statements} = value}) do
    {rest, [last]} = Enum.split(statements, -1)

    cond do
      not empty_leave?(last) -> {:after, body(value)}
      match?([_], rest) -> {:after, single(erase(hd(rest)), meta)}
      true -> {:after, erase({:__block__, meta, rest})}
    end
  end

  def erase({key, value}) when key in @bodies, do: {key, body(value)}
  def erase({left, right}), do: {erase(left), erase(right)}
  def erase(list) when is_list(list), do: Enum.map(list, &erase/1)
  def erase(other), do: other

  defp block(meta, statements, kept) when length(statements) == length(kept),
    do: {:__block__, meta, Enum.map(statements, &erase/1)}

  defp block(meta, statements, kept) do
    last = List.last(statements)

    cond do
      kept == [] and empty_leave?(last) -> empty()
      statement?(last) -> {:__block__, meta, statements}
      match?([_], kept) -> single(erase(hd(kept)), meta)
      true -> {:__block__, meta, Enum.map(kept, &erase/1)}
    end
  end

  # What the parser makes of a block with one statement: the statement. It keeps
  # the block around `unquote_splicing`, and around a lone `not` or `!` in some
  # places and not in others, which cannot be told from what is left.
  defp single({:__block__, meta, [{operator, _, [_]} = value]}, _) when operator in [:!, :not],
    do: {:__block__, mark(meta, :unary), [value]}

  defp single({operator, _, [_]} = value, meta) when operator in [:!, :not],
    do: {:__block__, mark(meta, :unary), [value]}

  defp single({:unquote_splicing, _, [_]} = value, meta), do: {:__block__, meta, [value]}
  defp single(nil, _meta), do: empty()
  defp single(value, _meta), do: value

  defp empty, do: {:__block__, mark([], :empty), []}
  defp mark(meta, kind), do: [{@mark, kind} | Keyword.delete(meta, @mark)]

  # A body of one statement has no block around it.
  defp body(value), do: if(empty_leave?(value), do: empty(), else: erase(value))

  defp statement?({{:., _, [:scope_probe, probe]}, _, [id | captured]}) when is_integer(id) do
    case probe do
      :enter -> Enum.all?(captured, &inert?/1)
      :caught -> Enum.all?(captured, &inert?/1)
      probe when probe in [:branch, :tail, :leave] -> captured == []
      _ -> false
    end
  end

  defp statement?(_), do: false

  defp empty_leave?({{:., _, [:scope_probe, :leave]}, _, [id]}), do: is_integer(id)
  defp empty_leave?(_), do: false

  defp inert?({name, _, context}) when is_atom(name) and is_atom(context), do: true
  defp inert?({:{}, _, elements}), do: Enum.all?(elements, &inert?/1)
  defp inert?({left, right}), do: inert?(left) and inert?(right)
  defp inert?(list) when is_list(list), do: Enum.all?(list, &inert?/1)
  defp inert?(literal), do: is_atom(literal) or is_number(literal) or is_binary(literal)

  defp argument?(name) do
    case Atom.to_string(name) do
      "scope_arg" <> number -> number =~ ~r/\A\d+\z/
      _ -> false
    end
  end

  defp drop_else([], _form), do: []

  defp drop_else(arguments, form) do
    {first, [last]} = Enum.split(arguments, -1)

    if is_list(last) and List.keymember?(last, :do, 0),
      do: first ++ [Enum.reject(last, &inserted_else?(&1, form))],
      else: arguments
  end

  defp inserted_else?({:else, [{:->, _, [[{:scope_value, _, context}], value]}]}, :with)
       when is_atom(context) do
    match?(
      {{:., _, [:scope_probe, :leave]}, _, [id, {:scope_value, _, ^context}]}
      when is_integer(id),
      value
    )
  end

  defp inserted_else?({:else, value}, form) when form in [:if, :unless], do: empty_leave?(value)
  defp inserted_else?(_pair, _form), do: false

  defp parse(text, options, what) do
    case Code.string_to_quoted(text, options) do
      {:ok, term} ->
        {:ok, term}

      {:error, {location, message, token}} ->
        line = if is_list(location), do: Keyword.get(location, :line, 0), else: location
        {:refused, line, "#{what} does not parse: #{parse_error(message, token)}"}
    end
  end

  defp parse_error({before, rest}, token), do: "#{before}#{token}#{rest}"
  defp parse_error(message, token), do: "#{message}#{token}"

  defp free_of_ours(text, term) do
    if String.contains?(text, @reserved) do
      {_, line} = Macro.prewalk(term, nil, &{&1, &2 || ours(&1)})

      if line,
        do: {:refused, line, "the original already uses names that are reserved for probes"},
        else: :ok
    else
      :ok
    end
  end

  defp ours({{:., _, [:scope_probe | _]}, meta, _}), do: Keyword.get(meta, :line, 1)

  defp ours({name, meta, context}) when is_atom(name) and is_list(meta) and is_atom(context) do
    if name == :scope_value or argument?(name), do: Keyword.get(meta, :line, 1)
  end

  defp ours(:scope_probe), do: 1
  defp ours(_), do: nil

  # The first place where the terms differ, as the line of the innermost node
  # around it, or nil. The second term may hold marks.
  defp difference(left, {:__block__, [{@mark, :empty} | _], []} = right, line) do
    case left do
      nil -> nil
      {:__block__, _, []} -> nil
      _ -> {line(left, line), left, right}
    end
  end

  defp difference({:__block__, _, [left]}, {:__block__, [{@mark, :unary} | _], [right]}, line),
    do: difference(left, right, line)

  defp difference(left, {:__block__, [{@mark, :unary} | _], [right]}, line),
    do: difference(left, right, line)

  defp difference({form, meta, arguments} = left, {form2, meta2, arguments2} = right, line) do
    line = line(left, line)

    if same_place?(meta, meta2) do
      case difference(form, form2, line) || difference(arguments, arguments2, line) do
        {^line, expected, found} when not is_tuple(expected) or not is_tuple(found) ->
          {line, left, right}

        result ->
          result
      end
    else
      {line, left, right}
    end
  end

  defp difference({left, left2}, {right, right2}, line),
    do: difference(left, right, line) || difference(left2, right2, line)

  defp difference([left | lefts], [right | rights], line),
    do: difference(left, right, line) || difference(lefts, rights, line)

  defp difference(same, same, _line), do: nil
  defp difference(left, right, line), do: {line(left, line(right, line)), left, right}

  # A block has no line of its own.
  defp line({:__block__, _, [first | _]}, default), do: line(first, default)
  defp line({_, meta, _}, default) when is_list(meta), do: Keyword.get(meta, :line, default)
  defp line([first | _], default), do: line(first, default)
  defp line(_, default), do: default

  defp same_place?(meta, meta), do: true
  defp same_place?(meta, meta2), do: without_columns(meta) === without_columns(meta2)

  defp without_columns(meta) when is_list(meta) do
    for pair <- meta, not match?({:column, _}, pair) do
      case pair do
        {key, nested} when is_list(nested) -> {key, without_columns(nested)}
        other -> other
      end
    end
  end

  defp without_columns(other), do: other

  defp explain(expected, found) do
    "without its probes the instrumented text is not the original: " <>
      "expected `#{excerpt(expected)}`, found `#{excerpt(found)}`"
  end

  defp excerpt(term) do
    text = term |> unmark() |> Macro.to_string() |> String.replace(~r/\s+/, " ")
    if String.length(text) > 60, do: String.slice(text, 0, 57) <> "...", else: text
  rescue
    _ -> inspect(term, limit: 5, printable_limit: 40)
  end

  defp unmark(term) do
    Macro.prewalk(term, fn
      {:__block__, [{@mark, _} | meta], statements} -> {:__block__, meta, statements}
      other -> other
    end)
  end
end
