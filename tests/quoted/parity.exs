# Compares quoted forms with those of Elixir's own parser.
#
#     elixirscope quoted SOURCES --format etf --out TERMS
#     elixir tests/quoted/parity.exs SOURCES TERMS [--columns]
#
# Prints one line for each file that differs, then the counts; the last line is
# `N same, N differ, N refused, N accepted wrongly, N rejected by both`. A file that
# we refuse is no difference, but it is counted. Exit status 1 if any differs.

defmodule Parity do
  def run([sources, terms | options]) do
    options = [columns: "--columns" in options]

    results =
      sources
      |> Path.join("**/*.{ex,exs}")
      |> Path.wildcard()
      |> Task.async_stream(&compare(&1, sources, terms, options), timeout: :infinity)
      |> Enum.map(fn {:ok, result} -> result end)

    for {kind, text} <- results, kind in [:differ, :wrong], do: IO.puts(text)
    count = Enum.frequencies_by(results, &elem(&1, 0))
    n = &Map.get(count, &1, 0)

    IO.puts(
      "#{n.(:same)} same, #{n.(:differ)} differ, #{n.(:refused)} refused, " <>
        "#{n.(:wrong)} accepted wrongly, #{n.(:both)} rejected by both"
    )

    if n.(:differ) + n.(:wrong) > 0, do: System.halt(1)
  end

  defp compare(file, sources, terms, options) do
    ours = File.read(Path.join(terms, Path.relative_to(file, sources)) <> ".etf")

    case {theirs(file, options), ours} do
      {{:ok, term}, {:ok, bytes}} -> equal(term, :erlang.binary_to_term(bytes), file)
      {{:ok, _}, {:error, _}} -> {:refused, file}
      {{:error, _}, {:error, _}} -> {:both, file}
      {{:error, error}, {:ok, _}} -> {:wrong, "#{file}: Elixir rejects it: #{inspect(error)}"}
    end
  end

  # Some versions raise where others return an error.
  defp theirs(file, options) do
    Code.string_to_quoted(File.read!(file), options ++ [emit_warnings: false])
  rescue
    error -> {:error, error}
  end

  defp equal(term, term, file), do: {:same, file}

  defp equal(theirs, ours, file) do
    {:differ, "#{file}: " <> inspect(difference(theirs, ours), limit: 20, printable_limit: 80)}
  end

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
