defmodule ElixirScope.Overlay.Erasure.Difference do
  @moduledoc """
  The first place where a term is not another, lines included.

  The parser hides two things, so they are equal here: parentheses around a lone
  `not`/`!`, and an empty body against `nil`. Where statements were erased, the
  second term says with `empty/0` and `only/2` that either is meant.
  """

  @mark :elixir_scope_erased
  # Where on its line something stands, and what the parser adds when asked for
  # every token: parentheses, and what ends a statement.
  @layout [:column, :parens, :end_of_expression]

  @doc "Equal to an empty block and to nil."
  @spec empty() :: Macro.t()
  def empty, do: {:__block__, mark([], :empty), []}

  @doc """
  What the parser makes of a block with one statement: the statement.

  It keeps the block around `unquote_splicing`, and around a lone `not` or `!` in
  some places and not in others, which cannot be told from what is left: that is
  equal to both. `meta` is the block's.
  """
  @spec only(Macro.t(), keyword) :: Macro.t()
  def only({:__block__, meta, [{operator, _, [_]} = value]}, _) when operator in [:!, :not],
    do: {:__block__, mark(meta, :unary), [value]}

  def only({operator, _, [_]} = value, meta) when operator in [:!, :not],
    do: {:__block__, mark(meta, :unary), [value]}

  def only({:unquote_splicing, _, [_]} = value, meta), do: {:__block__, meta, [value]}
  def only(nil, _meta), do: empty()
  def only(value, _meta), do: value

  @doc """
  What a text says that stands for the term.
  """
  @spec unmark(Macro.t()) :: Macro.t()
  def unmark(term) do
    Macro.prewalk(term, fn
      {:__block__, [{@mark, _} | meta], statements} -> {:__block__, meta, statements}
      other -> other
    end)
  end

  defp mark(meta, kind), do: [{@mark, kind} | Keyword.delete(meta, @mark)]

  @doc """
  The line and both sides of the innermost node around the first difference, or
  nil. `line` is that of what is around the terms.
  """
  @spec find(Macro.t(), Macro.t(), non_neg_integer) ::
          {non_neg_integer, Macro.t(), Macro.t()} | nil
  def find(left, {:__block__, [{@mark, :empty} | _], []} = right, line) do
    case left do
      nil -> nil
      {:__block__, _, []} -> nil
      _ -> {line(left, line), left, right}
    end
  end

  def find({:__block__, _, [left]}, {:__block__, [{@mark, :unary} | _], [right]}, line),
    do: find(left, right, line)

  def find(left, {:__block__, [{@mark, :unary} | _], [right]}, line),
    do: find(left, right, line)

  def find({form, meta, arguments} = left, {form2, meta2, arguments2} = right, line) do
    line = line(left, line)

    if same_place?(meta, meta2) do
      case find(form, form2, line) || find(arguments, arguments2, line) do
        {^line, expected, found} when not is_tuple(expected) or not is_tuple(found) ->
          {line, left, right}

        result ->
          result
      end
    else
      {line, left, right}
    end
  end

  def find({left, left2}, {right, right2}, line),
    do: find(left, right, line) || find(left2, right2, line)

  def find([left | lefts], [right | rights], line),
    do: find(left, right, line) || find(lefts, rights, line)

  def find(same, same, _line), do: nil
  def find(left, right, line), do: {line(left, line(right, line)), left, right}

  # A block has no line of its own.
  defp line({:__block__, _, [first | _]}, default), do: line(first, default)
  defp line({_, meta, _}, default) when is_list(meta), do: Keyword.get(meta, :line, default)
  defp line([first | _], default), do: line(first, default)
  defp line(_, default), do: default

  defp same_place?(meta, meta), do: true
  defp same_place?(meta, meta2), do: without_layout(meta) === without_layout(meta2)

  defp without_layout(meta) when is_list(meta) do
    for pair <- meta, not (is_tuple(pair) and elem(pair, 0) in @layout) do
      case pair do
        {key, nested} when is_list(nested) -> {key, without_layout(nested)}
        other -> other
      end
    end
  end

  defp without_layout(other), do: other
end
