defmodule Shop.Report do
  @moduledoc "Texts for people: invoices, shelves."

  alias Shop.{Describe, Money, Order}

  @invoice """
  Invoice for {{name}}
  {{rows}}
  Total: {{total}} — thank you!
  """

  @doc "The invoice of a priced order."
  @spec invoice(Order.t()) :: String.t()
  def invoice(%Order{customer: customer, lines: lines, total: %Money{} = total}) do
    name = customer.name
    rows = Enum.map_join(lines, "\n", &row/1)
    # The template names our variables.
    fill(@invoice, binding())
  end

  @doc """
  Replaces `{{key}}` by the value of `key`. Unknown keys stay.

      iex> Shop.Report.fill("Hi {{name}}, {{what}}?", name: "Bo")
      "Hi Bo, {{what}}?"

  """
  @spec fill(String.t(), keyword()) :: String.t()
  def fill(template, values) do
    Regex.replace(~r/\{\{(\w+)\}\}/, template, fn whole, key ->
      case Enum.find(values, fn {name, _value} -> Atom.to_string(name) == key end) do
        {_name, value} -> to_string(value)
        nil -> whole
      end
    end)
  end

  @doc """
  A bar for each article on the shelf, fullest first.

      iex> Shop.Report.bars(%{"a" => 4, "b" => 20})
      ["b ██████████", "a ██"]

  """
  @spec bars(%{optional(String.t()) => non_neg_integer()}) :: [String.t()]
  def bars(stock) do
    for {sku, count} <- Enum.sort_by(stock, fn {sku, count} -> {-count, sku} end), count > 1 do
      "#{sku} #{String.duplicate("█", div(count, 2))}"
    end
  end

  @doc "Says how full a shelf is."
  @spec shelf(String.t(), non_neg_integer()) :: String.t()
  def shelf(sku, 0), do: "#{sku}: empty"
  def shelf(sku, count), do: "#{sku}: #{Describe.line(count)}"

  defp row(%Order.Line{unit: unit} = line) do
    "  #{Describe.line(line)} à #{unit} = #{line |> Order.Line.total() |> to_string()}"
  end
end
