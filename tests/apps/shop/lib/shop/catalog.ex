defmodule Shop.Catalog do
  @moduledoc """
  The articles. Each has a function of its own: `Shop.Catalog.green_tea/0`.
  """

  defmodule Article do
    @moduledoc "One article."

    @derive {Shop.Describe, only: [:sku, :name]}
    @enforce_keys [:sku, :name, :price, :category]
    defstruct [:sku, :name, :price, :category, stock: 0]

    @type t :: %__MODULE__{
            sku: String.t(),
            name: String.t(),
            price: Shop.Money.t(),
            category: String.t(),
            stock: non_neg_integer()
          }
  end

  # key        sku     cents stock category   name
  @table ~S"""
  green_tea    TE-001   450   200  green-tea  Grüner Tee 🍵
  black_tea    TE-002   390   200  tea        Black tea
  espresso     CO-001  1250   120  coffee     Caffè "Espresso"
  filter       CO-002   980    80  coffee     Filter coffee
  mug          MU-001   799    30  dishes     Mug, \n-shaped
  crème        XX-001   120     2  food       Crème brûlée
  """

  @articles (for line <- String.split(@table, "\n", trim: true) do
               [key, sku, cents, stock, category, name] = String.split(line, ~r/\s+/, parts: 6)

               {String.to_atom(key), sku, String.to_integer(cents), String.to_integer(stock),
                category, name}
             end)

  for {key, sku, cents, stock, category, name} <- @articles do
    @doc "The article #{sku}, #{name}."
    @spec unquote(key)() :: Article.t()
    def unquote(key)() do
      %Article{
        sku: unquote(sku),
        name: unquote(name),
        price: Shop.Money.new(unquote(cents)),
        category: unquote(category),
        stock: unquote(stock)
      }
    end
  end

  @doc """
  Finds an article by its number.

      iex> {:ok, article} = Shop.Catalog.fetch("TE-001")
      iex> article.name
      "Grüner Tee 🍵"

      iex> Shop.Catalog.fetch("??")
      :error

  """
  @spec fetch(String.t()) :: {:ok, Article.t()} | :error
  for {key, sku, _cents, _stock, _category, _name} <- @articles do
    def fetch(unquote(sku)), do: {:ok, unquote(key)()}
  end

  def fetch(_), do: :error

  @doc "All articles, as in the table."
  @spec all() :: [Article.t()]
  def all do
    for {_key, sku, _, _, _, _} <- @articles, {:ok, article} = fetch(sku), do: article
  end

  @doc "What the shelves hold in the morning."
  @spec initial_stock() :: Shop.Inventory.stock()
  def initial_stock do
    for %Article{sku: sku, stock: stock} <- all(), into: %{}, do: {sku, stock}
  end
end
