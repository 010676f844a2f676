defmodule Shop.Sku do
  @moduledoc """
  Article numbers: two letters, a dash, digits, as in `"TE-001"`.
  """

  @separator ?-

  @doc """
  The kind of an article, from the letters its number starts with.

      iex> Shop.Sku.kind("TE-001")
      {:tea, "001"}

      iex> Shop.Sku.kind("??")
      :unknown

  """
  @spec kind(String.t()) :: {:tea | :coffee | :mug, String.t()} | :unknown
  def kind("TE-" <> digits), do: {:tea, digits}
  def kind("CO-" <> digits), do: {:coffee, digits}
  def kind(<<"MU", @separator, digits::binary>>), do: {:mug, digits}
  def kind(_), do: :unknown

  @doc "Whether a text is an article number at all."
  @spec valid?(String.t()) :: boolean()
  def valid?(<<a, b, @separator, digits::binary>>) when a in ?A..?Z and b in ?A..?Z do
    digits != "" and digits?(digits)
  end

  def valid?(_), do: false

  defp digits?(""), do: true
  defp digits?(<<digit, rest::binary>>), do: digit in ?0..?9 && digits?(rest)

  @doc """
  Finds every article number in a text.

      iex> Shop.Sku.scan("send TE-001 and MU-001, not XX")
      ["TE-001", "MU-001"]

  """
  @spec scan(String.t()) :: [String.t()]
  def scan(text), do: ~r/\b[A-Z]{2}-\d+\b/ |> Regex.scan(text) |> List.flatten()

  @doc """
  The check digit: the sum of all bytes, modulo ten.

      iex> Shop.Sku.check_digit("A")
      5

  """
  @spec check_digit(String.t()) :: 0..9
  def check_digit(sku) do
    sum = for <<byte <- sku>>, reduce: 0, do: (sum -> sum + byte)
    rem(sum, 10)
  end

  @doc """
  A name for URLs.

      iex> Shop.Sku.slug("  Crème brûlée! ")
      "creme-brulee"

  """
  @spec slug(String.t()) :: String.t()
  def slug(name) do
    name
    |> String.normalize(:nfd)
    |> String.downcase()
    |> String.replace(~r/[^a-z0-9\s]/u, "")
    |> String.split()
    |> Enum.join("-")
  end
end
