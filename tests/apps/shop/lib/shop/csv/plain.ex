defmodule Shop.Csv.Plain do
  @moduledoc "Outside of quotes."

  alias Shop.Csv.Quoted

  @doc "Reads on, given the field, the row and the rows read so far."
  @spec scan(binary(), binary(), [binary()], [[binary()]]) ::
          {:ok, [[binary()]]} | {:error, :unclosed_quote}
  def scan(<<?", rest::binary>>, field, row, rows), do: Quoted.scan(rest, field, row, rows)
  def scan(<<?,, rest::binary>>, field, row, rows), do: scan(rest, "", [field | row], rows)

  def scan(<<?\n, rest::binary>>, field, row, rows) do
    scan(rest, "", [], [Enum.reverse([field | row]) | rows])
  end

  def scan(<<byte, rest::binary>>, field, row, rows) do
    scan(rest, <<field::binary, byte>>, row, rows)
  end

  def scan("", "", [], rows), do: {:ok, Enum.reverse(rows)}
  def scan("", field, row, rows), do: scan("\n", field, row, rows)
end
