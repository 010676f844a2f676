defmodule ElixirScope.Overlay.Erasure do
  @moduledoc """
  Proves that an instrumented text is the original and nothing but probes.

  Both texts go through Elixir's own parser. The probes are erased from the
  second term, and what remains must be the first, line numbers included. Only
  columns may differ, since a probe moves what stands behind it on its line.

  Erasing is strict where a looser rule would let a change of meaning through:

    * inserted code has the exact shapes of `ElixirScope.Overlay.Erasure.Probe`,
      none of which could run code of its own;
    * a statement that is a probe goes, but not the last one of a block, whose
      value is the block's, unless the original block was empty (`leave(id)` and
      `branch(id)` are `nil`);
    * `caught` goes only from the front of a clause of `rescue` or `catch`, and
      the `catch` of a whole callback only from a `def` that has none;
    * a `branch` among the arguments of `with` goes only from behind a step;
    * an inserted `else` goes only from `if` and `unless` (where it yields `nil`,
      as its absence does) and, as the clause that hands every value on, from `with`;
    * in `quote` nothing goes, since there a probe would be part of a value.
  """

  alias ElixirScope.Overlay.Erasure.{Difference, Eraser, Probe}

  @sink :scope_probe
  @names [:scope_value, :scope_error, :scope_kind, :scope_reason]
  @reserved ["scope_arg" | Enum.map([@sink | @names], &Atom.to_string/1)]

  @type refusal :: {:refused, line :: non_neg_integer, message :: String.t()}

  @doc """
  Checks `instrumented` against `original` and returns the term to compile.

  `options` are the project's `:parser_options`, and `:sink`, the module whose
  functions are the probes; `file` is the original's path.
  """
  @spec check(String.t(), String.t(), Path.t(), keyword) :: {:ok, Macro.t()} | refusal
  def check(original, instrumented, file, options \\ []) do
    {sink, options} = Keyword.pop(options, :sink, @sink)
    options = Keyword.put(options, :file, file)

    with {:ok, clean} <- parse(original, options, "the original text"),
         :ok <- free_of_ours(original, clean, sink),
         {:ok, probed} <- parse(instrumented, options, "the instrumented text") do
      case Difference.find(erase(clean, sink), erase(probed, sink), 1) do
        nil -> {:ok, probed}
        {line, expected, found} -> {:refused, line, explain(expected, found)}
      end
    end
  end

  @doc """
  Removes every probe from a quoted expression.
  """
  @spec erase(Macro.t(), module) :: Macro.t()
  def erase(term, sink \\ @sink), do: Eraser.erase(term, sink)

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

  defp free_of_ours(text, term, sink) do
    if String.contains?(text, [Atom.to_string(sink) | @reserved]) do
      {_, line} = Macro.prewalk(term, nil, &{&1, &2 || ours(&1, sink)})

      if line,
        do: {:refused, line, "the original already uses names that are reserved for probes"},
        else: :ok
    else
      :ok
    end
  end

  defp ours({{:., _, [module | _]}, meta, _}, sink) when module in [@sink, sink],
    do: Keyword.get(meta, :line, 1)

  defp ours({name, meta, context} = term, _sink)
       when is_atom(name) and is_list(meta) and is_atom(context) do
    if name in @names or Probe.argument?(term), do: Keyword.get(meta, :line, 1)
  end

  defp ours(module, sink) when module in [@sink, sink], do: 1
  defp ours(_, _sink), do: nil

  defp explain(expected, found) do
    "without its probes the instrumented text is not the original: " <>
      "expected `#{excerpt(expected)}`, found `#{excerpt(found)}`"
  end

  defp excerpt(term) do
    text = term |> Difference.unmark() |> Macro.to_string() |> String.replace(~r/\s+/, " ")
    if String.length(text) > 60, do: String.slice(text, 0, 57) <> "...", else: text
  rescue
    _ -> inspect(term, limit: 5, printable_limit: 40)
  end
end
