defmodule Shop.Csv do
  @moduledoc """
  Supplier lists as comma-separated values.

  Two modules hand the text to each other: `Shop.Csv.Plain` reads outside of
  quotes, `Shop.Csv.Quoted` inside, and each quote is a tail call to the other.
  """

  alias Shop.Csv.Plain

  @doc """
  Splits text into rows of fields.

      iex> Shop.Csv.parse(~s(sku,name\\nMU-001,"Mug, ""big"" one"))
      {:ok, [["sku", "name"], ["MU-001", "Mug, \\"big\\" one"]]}

      iex> Shop.Csv.parse(~s("open))
      {:error, :unclosed_quote}

  """
  @spec parse(String.t()) :: {:ok, [[String.t()]]} | {:error, :unclosed_quote}
  def parse(text), do: Plain.scan(text, "", [], [])

  @doc "Rows as maps, keyed by the first row. Stops at the first row of another length."
  @spec maps(String.t()) ::
          {:ok, [map()]} | {:error, :no_header | :unclosed_quote | {:row, pos_integer()}}
  def maps(text) do
    with {:ok, [header | rows]} <- parse(text) do
      maps(rows, header, 1, [])
    else
      {:ok, []} -> {:error, :no_header}
      {:error, _} = error -> error
    end
  end

  defp maps([], _header, _number, maps), do: {:ok, Enum.reverse(maps)}

  defp maps([row | rows], header, number, maps) when length(row) == length(header) do
    maps(rows, header, number + 1, [header |> Enum.zip(row) |> Map.new() | maps])
  end

  defp maps(_rows, _header, number, _maps), do: {:error, {:row, number}}
end
