defmodule ElixirScope.Overlay.Erasure.Eraser do
  @moduledoc """
  Takes the probes out of a term, each only from where it may stand.

  What is left of a block, the parser would have built in another way; those
  places hold the terms of `ElixirScope.Overlay.Erasure.Difference` that are equal
  to all it may have built. What is no probe, or stands elsewhere, stays, and so
  the difference shows it.
  """

  alias ElixirScope.Overlay.Erasure.{Difference, Probe}

  @bodies [:do, :else, :after, :rescue, :catch]

  @doc "Removes the probes that call `sink` from a quoted expression."
  @spec erase(Macro.t(), module) :: Macro.t()
  def erase({:quote, _, [_ | _]} = quoted, _sink), do: quoted

  def erase({:__block__, meta, statements}, sink) when is_list(statements),
    do: block(meta, statements, without_probes(statements, sink), sink)

  def erase({:->, meta, [left, right]}, sink),
    do: {:->, meta, [erase(left, sink), body(right, sink)]}

  def erase({form, meta, [head, sections]}, sink)
      when form in [:def, :defp] and is_list(sections) do
    sections = sections |> drop_capture(sink) |> Enum.map(&section(&1, sink))
    {form, meta, [head |> unnamed_head() |> erase(sink), sections]}
  end

  def erase({:try, meta, [sections]}, sink) when is_list(sections),
    do: {:try, meta, [Enum.map(sections, &section(&1, sink))]}

  def erase({form, meta, arguments}, sink)
      when form in [:if, :unless, :with] and is_list(arguments) do
    arguments = if form == :with, do: drop_matched(arguments, sink), else: arguments
    {form, meta, arguments |> drop_else(form, sink) |> Enum.map(&erase(&1, sink))}
  end

  # Behind a pipe, a probe would have one argument more.
  def erase({:|>, meta, [left, right]}, sink) do
    right = if Probe.wrapped(right, sink), do: right, else: erase(right, sink)
    {:|>, meta, [erase(left, sink), right]}
  end

  def erase({form, meta, arguments} = term, sink) do
    case Probe.wrapped(term, sink) do
      {:ok, value} -> value |> erase(sink) |> Difference.only([])
      nil -> {erase(form, sink), meta, erase(arguments, sink)}
    end
  end

  def erase({key, value}, sink) when key in @bodies, do: {key, body(value, sink)}
  def erase({left, right}, sink), do: {erase(left, sink), erase(right, sink)}
  def erase(list, sink) when is_list(list), do: Enum.map(list, &erase(&1, sink))
  def erase(other, _sink), do: other

  # A body of one statement has no block around it.
  defp body(value, sink),
    do: if(Probe.nil?(value, sink), do: Difference.empty(), else: erase(value, sink))

  defp without_probes(statements, sink), do: Enum.reject(statements, &Probe.statement?(&1, sink))

  defp block(meta, statements, kept, sink) when length(statements) == length(kept),
    do: {:__block__, meta, Enum.map(statements, &erase(&1, sink))}

  defp block(meta, statements, kept, sink) do
    last = List.last(statements)

    cond do
      kept == [] and Probe.nil?(last, sink) -> Difference.empty()
      Probe.statement?(last, sink) -> {:__block__, meta, statements}
      match?([_], kept) -> kept |> hd() |> erase(sink) |> Difference.only(meta)
      true -> {:__block__, meta, Enum.map(kept, &erase(&1, sink))}
    end
  end

  defp section({name, clauses}, sink) when name in [:rescue, :catch] and is_list(clauses),
    do: {name, Enum.map(clauses, &handler(&1, name, sink))}

  # The value of `after` is discarded, so there a probe may stand last.
  defp section({:after, {:__block__, meta, [_, _ | _] = statements} = value}, sink) do
    {rest, [last]} = Enum.split(statements, -1)

    cond do
      not Probe.leave?(last, sink) -> {:after, body(value, sink)}
      match?([_], rest) -> {:after, rest |> hd() |> body(sink) |> Difference.only(meta)}
      true -> {:after, erase({:__block__, meta, rest}, sink)}
    end
  end

  defp section(other, sink), do: erase(other, sink)

  defp handler({:->, meta, [head, body]}, section, sink),
    do: {:->, meta, [head |> unbound(section) |> erase(sink), handled(body, section, sink)]}

  defp handler(other, _section, sink), do: erase(other, sink)

  defp handled({:__block__, meta, [first, _ | _] = statements} = body, section, sink) do
    if Probe.caught?(first, section, sink),
      do: block(meta, statements, without_probes(tl(statements), sink), sink),
      else: body(body, sink)
  end

  defp handled(body, _section, sink), do: body(body, sink)

  defp unbound([{:in, _, [{:scope_error, _, context}, taken]}] = head, :rescue)
       when is_atom(context),
       do: if(Probe.unbound?(taken), do: [taken], else: head)

  defp unbound([{:when, meta, patterns}], :catch) do
    {patterns, guard} = Enum.split(patterns, -1)
    [{:when, meta, Enum.map(patterns, &unnamed/1) ++ guard}]
  end

  defp unbound(patterns, :catch), do: Enum.map(patterns, &unnamed/1)
  defp unbound(head, :rescue), do: head

  defp unnamed_head({:when, meta, [head, guard]}), do: {:when, meta, [unnamed_head(head), guard]}

  defp unnamed_head({name, meta, arguments}) when is_list(arguments),
    do: {name, meta, Enum.map(arguments, &unnamed/1)}

  defp unnamed_head(other), do: other

  # `pattern = name`, also where the pattern is a match itself or has a default.
  defp unnamed({:\\, meta, [pattern, default]}), do: {:\\, meta, [unnamed(pattern), default]}

  defp unnamed({:=, meta, [pattern, right]}) do
    if Probe.argument?(right),
      do: pattern,
      else: {:=, meta, [pattern, unnamed(right)]}
  end

  defp unnamed(pattern), do: pattern

  defp drop_capture([{:do, _} = body, {:catch, clauses}] = sections, sink),
    do: if(Probe.capture?(clauses, sink), do: [body], else: sections)

  defp drop_capture(sections, _sink), do: sections

  # A probe says that the step before it matched.
  defp drop_matched([{step, _, [_, _]} = first, second | rest], sink) when step in [:<-, :=] do
    if Probe.branch?(second, sink),
      do: [first | drop_matched(rest, sink)],
      else: [first | drop_matched([second | rest], sink)]
  end

  defp drop_matched([first | rest], sink), do: [first | drop_matched(rest, sink)]
  defp drop_matched([], _sink), do: []

  defp drop_else([], _form, _sink), do: []

  defp drop_else(arguments, form, sink) do
    {first, [last]} = Enum.split(arguments, -1)

    if is_list(last) and List.keymember?(last, :do, 0),
      do: first ++ [Enum.reject(last, &Probe.absent_else?(&1, form, sink))],
      else: arguments
  end
end
