defmodule Shop.Csv.Quoted do
  @moduledoc "Inside of quotes, where commas and line ends are text."

  @doc "Reads on, like `Shop.Csv.Plain.scan/4`."
  @spec scan(binary(), binary(), [binary()], [[binary()]]) ::
          {:ok, [[binary()]]} | {:error, :unclosed_quote}
  def scan(~s("") <> rest, field, row, rows), do: scan(rest, field <> ~s("), row, rows)
  def scan(~s(") <> rest, field, row, rows), do: Shop.Csv.Plain.scan(rest, field, row, rows)
  def scan(<<byte, rest::binary>>, field, row, rows), do: scan(rest, field <> <<byte>>, row, rows)
  def scan("", _field, _row, _rows), do: {:error, :unclosed_quote}
end
