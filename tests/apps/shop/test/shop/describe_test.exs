defmodule Shop.DescribeTest do
  use ExUnit.Case, async: true

  alias Shop.{Catalog, Describe, Money, Order}

  defmodule Parcel do
    use Shop.Rules, label: "parcel"
    defstruct weight: 0, to: ""

    rule weight(grams), "must be light", do: grams < 31_500
    rule to(address), "must be given", do: address != ""
  end

  test "pieces, texts, bits" do
    assert Describe.line(1) == "1 piece"
    assert Describe.line(0) == "0 pieces"
    assert Describe.line("as is") == "as is"
    assert Describe.line(<<5::3>>) == "3 bits"
  end

  test "lists and pairs describe what they hold" do
    assert Describe.line([]) == "nothing"
    assert Describe.line([{2, "mug"}, 3]) == "2 × mug, 3 pieces"
    assert Describe.line({1, 2, 3}) == "{1, 2, 3}"
  end

  test "anything else is inspected" do
    assert Describe.line(%{a: 1}) == "%{a: 1}"
    assert Describe.line(:atom) == ":atom"
  end

  test "structs of the shop" do
    assert Describe.line(Money.new(5)) == "€0.05"
    assert Describe.line(Catalog.mug()) == ~S|Article(sku: "MU-001", name: "Mug, \\n-shaped")|
    order = Order.new(nil, %{"b" => 2, "a" => 1})
    assert Describe.line(order) == "new: 1 × a, 2 × b"
  end

  test "rules written here work like those of the shop" do
    assert {:ok, %Parcel{}} = Parcel.validate(%Parcel{to: "Kiel"})
    assert Parcel.validate(%Parcel{}) == {:error, "parcel: to must be given"}

    assert Parcel.validate(%Parcel{weight: 40_000, to: "Kiel"}) ==
             {:error, "parcel: weight must be light"}
  end
end
