defmodule Shop.Feed.Parser do
  @moduledoc """
  Reads price feeds.

  Feeds have millions of records, so every function here runs in constant stack
  space, and `summary/1` in constant memory.
  """

  @type summary :: %{
          count: non_neg_integer(),
          sum: non_neg_integer(),
          max: non_neg_integer(),
          notes: non_neg_integer()
        }
  @type error :: :bad_header | {:truncated, left :: pos_integer()} | {:bad_tag, byte()}

  @doc """
  Counts and adds up the prices of a feed without keeping them.

      iex> Shop.Feed.Parser.summary(Shop.Feed.encode([{:price, 1, 10}, {:price, 2, 32}]))
      {:ok, %{count: 2, sum: 42, max: 32, notes: 0}}

      iex> Shop.Feed.Parser.summary("<html>")
      {:error, :bad_header}

  """
  @spec summary(binary()) :: {:ok, summary()} | {:error, error()}
  def summary(<<"PF", 1, records::binary>>), do: scan(records, 0, 0, 0, 0)
  def summary(_), do: {:error, :bad_header}

  @doc "All records of a feed."
  @spec records(binary()) :: {:ok, [Shop.Feed.record()]} | {:error, error()}
  def records(<<"PF", 1, records::binary>>), do: collect(records, [])
  def records(_), do: {:error, :bad_header}

  defp scan(<<1, _sku::16, cents::32, rest::binary>>, count, sum, max, notes) when cents > max do
    scan(rest, count + 1, sum + cents, cents, notes)
  end

  defp scan(<<1, _sku::16, cents::32, rest::binary>>, count, sum, max, notes) do
    scan(rest, count + 1, sum + cents, max, notes)
  end

  defp scan(<<2, size, _text::binary-size(size), rest::binary>>, count, sum, max, notes) do
    scan(rest, count, sum, max, notes + 1)
  end

  defp scan(<<0>>, count, sum, max, notes) do
    {:ok, %{count: count, sum: sum, max: max, notes: notes}}
  end

  defp scan(rest, _count, _sum, _max, _notes), do: broken(rest)

  defp collect(<<1, sku::16, cents::32, rest::binary>>, records) do
    collect(rest, [{:price, sku, cents} | records])
  end

  defp collect(<<2, size, text::binary-size(size), rest::binary>>, records) do
    collect(rest, [{:note, text} | records])
  end

  defp collect(<<0>>, records), do: {:ok, Enum.reverse(records)}
  defp collect(rest, _records), do: broken(rest)

  defp broken(<<tag, _::binary>>) when tag > 2, do: {:error, {:bad_tag, tag}}
  defp broken(rest), do: {:error, {:truncated, byte_size(rest)}}
end
