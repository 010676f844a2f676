defmodule Shop.Feed do
  @moduledoc """
  The price feed of a supplier, in its binary form.

      "PF" 1                          header and version
      1  sku::16  cents::32           a price
      2  size::8  text                a note
      0                               the end
  """

  @header <<"PF", 1>>

  @type record :: {:price, sku :: 0..65_535, cents :: non_neg_integer()} | {:note, String.t()}

  @doc "What every feed starts with."
  @spec header() :: binary()
  def header, do: @header

  @doc """
  Encodes records.

      iex> Shop.Feed.encode([{:price, 7, 250}, {:note, "ok"}])
      <<"PF", 1, 1, 7::16, 250::32, 2, 2, "ok", 0>>

  """
  @spec encode([record()]) :: binary()
  def encode(records) do
    body = for record <- records, into: <<>>, do: record(record)
    <<@header::binary, body::binary, 0>>
  end

  @doc "A feed of `n` prices, the same every time."
  @spec sample(non_neg_integer()) :: binary()
  def sample(n) do
    body = for i <- 1..n//1, into: <<>>, do: <<1, rem(i, 1000)::16, rem(i * 7, 500)::32>>
    <<@header::binary, body::binary, 0>>
  end

  defp record({:price, sku, cents}), do: <<1, sku::16, cents::32>>
  defp record({:note, text}) when byte_size(text) < 256, do: <<2, byte_size(text), text::binary>>
end
