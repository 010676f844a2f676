# Compares quoted forms, and places of errors, with those of Elixir's own parser.
#
#     elixirscope quoted SOURCES --format etf --out TERMS 2> ERRORS
#     elixir tests/quoted/parity.exs SOURCES TERMS ERRORS [--columns]
#
# Prints a line for each file that is not the same, which begins with one of
#
#     refused    Elixir accepts it, we do not: never wrong, but counted
#     differ     both accept it, with different terms (Elixir's part first)
#     accepted   we accept it, Elixir rejects it
#     place      both reject it, at different lines
#
# and then two lines of counts. Exit status 1 if anything differs, is accepted wrongly or
# is rejected at another place.

defmodule Parity do
  @wrong [:differ, :accepted, :place]

  def run([sources, terms, errors | options]) do
    options = [columns: "--columns" in options]
    refusals = refusals(errors)

    results =
      sources
      |> Path.join("**/*.{ex,exs}")
      |> Path.wildcard()
      |> Enum.filter(&File.regular?/1)
      |> Task.async_stream(
        fn file ->
          path = Path.relative_to(file, sources)
          source = File.read!(file)
          ours = ours(Path.join(terms, path <> ".etf"), refusals[path])
          {kind, text} = compare(theirs(source, options), ours)
          {kind, path, text, source |> :binary.matches("\n") |> length()}
        end,
        timeout: :infinity
      )
      |> Enum.map(fn {:ok, result} -> result end)

    for {kind, path, text, _} <- results, text != nil, do: IO.puts("#{kind} #{path}: #{text}")
    summary(results)
    if Enum.any?(results, &(elem(&1, 0) in @wrong)), do: System.halt(1)
  end

  defp summary(results) do
    count = Enum.frequencies_by(results, &elem(&1, 0))
    n = &Map.get(count, &1, 0)
    lines = results |> Enum.map(&elem(&1, 3)) |> Enum.sum()

    IO.puts("#{length(results)} files, #{lines} lines, #{n.(:same) + n.(:differ) + n.(:refused)} accepted by Elixir")

    IO.puts(
      "#{n.(:same)} same, #{n.(:differ)} differ, #{n.(:refused)} refused, " <>
        "#{n.(:accepted)} accepted wrongly, #{n.(:both) + n.(:place)} rejected by both, " <>
        "#{n.(:place)} of them at another line"
    )
  end

  # Each path's `{line, why}`.
  defp refusals(file) do
    for line <- File.stream!(file),
        [_, path, at, why] <- [Regex.run(~r/^error: (.+?):(\d+): (.*)/, line)],
        into: %{},
        do: {path, {String.to_integer(at), why}}
  end

  defp ours(file, refusal) do
    case File.read(file) do
      {:ok, bytes} -> {:ok, decoded(bytes)}
      {:error, _} -> {:error, refusal || {0, "neither a term nor an error"}}
    end
  end

  # An atom of more than 255 characters, for one, is no term.
  defp decoded(bytes) do
    :erlang.binary_to_term(bytes)
  rescue
    ArgumentError -> :no_term_at_all
  end

  # Some versions raise where others return an error.
  defp theirs(source, options) do
    case Code.string_to_quoted(source, options ++ [emit_warnings: false]) do
      {:ok, term} -> {:ok, term}
      {:error, {meta, text, token}} -> {:error, {meta[:line], said(text, token)}}
    end
  rescue
    error -> {:error, {Map.get(error, :line), Exception.message(error)}}
  end

  defp said({before, behind}, token), do: one_line("#{before}#{token}#{behind}")
  defp said(text, token), do: one_line("#{text}#{token}")

  defp one_line(text), do: text |> String.split("\n") |> hd() |> String.slice(0, 100)

  defp compare({:ok, term}, {:ok, term}), do: {:same, nil}
  defp compare({:ok, theirs}, {:ok, ours}), do: {:differ, shown(difference(theirs, ours))}
  defp compare({:ok, _}, {:error, {line, why}}), do: {:refused, "#{line}: #{why}"}
  defp compare({:error, {line, why}}, {:ok, _}), do: {:accepted, "#{line}: Elixir says: #{why}"}
  defp compare({:error, {line, _}}, {:error, {line, _}}), do: {:both, nil}
  # Bytes that are no UTF-8: Elixir names no line.
  defp compare({:error, {nil, _}}, {:error, _}), do: {:both, nil}

  defp compare({:error, {line, why}}, {:error, {ours, because}}),
    do: {:place, "#{line}: Elixir says: #{why}; we say #{ours}: #{because}"}

  defp shown(difference), do: inspect(difference, limit: 20, printable_limit: 80, width: :infinity)

  # The first two parts that differ, theirs first.
  defp difference(same, same), do: nil

  defp difference({a, meta, c}, {d, other, f}) when is_list(meta) and is_list(other) do
    cond do
      a != d -> difference(a, d)
      meta != other -> {{a, meta}, {d, other}}
      true -> difference(c, f)
    end
  end

  defp difference({a, b}, {c, d}), do: difference(a, c) || difference(b, d)

  defp difference(a, b) when is_list(a) and is_list(b) and length(a) == length(b),
    do: a |> Enum.zip(b) |> Enum.find_value(fn {a, b} -> difference(a, b) end)

  defp difference(theirs, ours), do: {theirs, ours}
end

Parity.run(System.argv())
