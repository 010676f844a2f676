defmodule Shop.Discount do
  @moduledoc """
  What makes an order cheaper.

  `use Shop.Discount` names the discount after its module; override `name/0` to
  call it something else.
  """

  alias Shop.{Money, Order}

  @doc "How much to take off `total`."
  @callback off(total :: Money.t(), order :: Order.t()) :: Money.t()

  @doc "What the invoice says."
  @callback name() :: String.t()

  @doc false
  defmacro __using__(_opts) do
    quote do
      @behaviour Shop.Discount

      @impl Shop.Discount
      def name do
        __MODULE__ |> Module.split() |> List.last() |> String.downcase()
      end

      defoverridable name: 0
    end
  end

  @doc "The discount that is best for the customer, and what it takes off."
  @spec best([module()], Money.t(), Order.t()) :: {String.t(), Money.t()}
  def best(discounts, total, order) do
    discounts
    |> Enum.map(fn discount -> {discount.name(), discount.off(total, order)} end)
    |> Enum.max_by(fn {_name, off} -> off.cents end, fn -> {"none", Money.zero()} end)
  end
end

defmodule Shop.Discount.Loyalty do
  @moduledoc "Five per cent for regulars, ten for gold."
  use Shop.Discount

  @impl true
  def off(total, %{customer: %{tier: :gold}}), do: Shop.Money.percent(total, 10)
  def off(total, %{customer: %{tier: :regular}}), do: Shop.Money.percent(total, 5)
  def off(_total, _order), do: Shop.Money.zero()
end

defmodule Shop.Discount.Bulk do
  @moduledoc "Ten pieces of one article: one of them is free."
  use Shop.Discount

  alias Shop.{Money, Order.Line}

  @impl true
  def name, do: "bulk (1 of 10 free)"

  @impl true
  def off(_total, %{lines: lines}) do
    for %Line{quantity: n, unit: unit} when n >= 10 <- lines, reduce: Money.zero() do
      sum -> Money.add(sum, Money.times(unit, div(n, 10)))
    end
  end
end
