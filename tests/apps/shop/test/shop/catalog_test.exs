defmodule Shop.CatalogTest do
  use ExUnit.Case, async: true
  doctest Shop.Catalog
  doctest Shop.Category
  doctest Shop.Sku

  alias Shop.{Catalog, Category, Sku}

  test "each article has a function, even with an accent" do
    assert Catalog.crème().name == "Crème brûlée"
    assert Catalog.green_tea().price == Shop.Money.new(450)
    assert function_exported?(Catalog, :espresso, 0)
  end

  test "all articles can be fetched and have valid numbers" do
    articles = Catalog.all()
    assert length(articles) == 6

    for article <- articles do
      assert Catalog.fetch(article.sku) == {:ok, article}
      assert Sku.valid?(article.sku)
      assert Category.known?([article.category])
    end
  end

  test "the initial stock covers all articles" do
    assert %{"TE-001" => 200, "XX-001" => 2} = stock = Catalog.initial_stock()
    assert map_size(stock) == 6
  end

  test "categories: within, any, known" do
    assert Category.within?("tea", "tea")
    refute Category.within?("food", "drinks")
    refute Category.within?("no such", "drinks")
    assert Category.any_within?(["food", "dishes", "green-tea"], "drinks")
    refute Category.any_within?(["food", "dishes"], "drinks")
    refute Category.any_within?([], "drinks")
    assert Category.known?(["tea", "food"])
    refute Category.known?(["tea", "cars", "food"])
  end

  test "labels come from the nearest category that has one" do
    assert Category.label("coffee") == "Kaffee"
    assert Category.label("green-tea") == "Getränke"
    assert Category.label("dishes") == "Sonstiges"
  end

  test "article numbers: kinds and validity" do
    assert Sku.kind("CO-9") == {:coffee, "9"}
    assert Sku.kind("MU-1") == {:mug, "1"}
    assert Sku.kind("te-1") == :unknown
    assert Sku.valid?("AB-0")

    for bad <- ["AB-", "A-01", "ab-01", "AB-0x", "AB001", "", :sku] do
      refute Sku.valid?(bad), "accepted #{inspect(bad)}"
    end
  end

  test "check digits and slugs" do
    assert Sku.check_digit("") == 0
    assert Sku.check_digit("TE-001") == rem(Enum.sum(String.to_charlist("TE-001")), 10)
    assert Sku.slug("Grüner Tee 🍵") == "gruner-tee"
    assert Sku.scan("none") == []
  end
end
