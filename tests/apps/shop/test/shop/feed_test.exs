defmodule Shop.FeedTest do
  use ExUnit.Case, async: true
  doctest Shop.Feed
  doctest Shop.Feed.Parser
  doctest Shop.Csv

  alias Shop.{Csv, Feed}
  alias Shop.Feed.Parser

  test "records come back as they were encoded" do
    records = [
      {:price, 1, 10},
      {:note, "Prices in €"},
      {:price, 65_535, 4_294_967_295},
      {:note, ""}
    ]

    assert Parser.records(Feed.encode(records)) == {:ok, records}

    assert Parser.summary(Feed.encode(records)) ==
             {:ok, %{count: 2, sum: 4_294_967_305, max: 4_294_967_295, notes: 2}}
  end

  test "a million prices, summed up" do
    assert {:ok, %{count: 1_000_000, sum: sum, max: 499}} = Parser.summary(Feed.sample(1_000_000))
    assert sum == 249_500_000
  end

  test "a million prices, collected" do
    assert {:ok, records} = Parser.records(Feed.sample(1_000_000))
    assert length(records) == 1_000_000
    assert hd(records) == {:price, 1, 7}
  end

  test "broken feeds say how they are broken" do
    feed = Feed.encode([{:price, 1, 10}])
    cut = binary_part(feed, 0, byte_size(feed) - 3)

    for parse <- [&Parser.summary/1, &Parser.records/1] do
      assert parse.("") == {:error, :bad_header}
      assert parse.(Feed.header()) == {:error, {:truncated, 0}}
      assert parse.(cut) == {:error, {:truncated, 5}}
      assert parse.(Feed.header() <> <<9, 9>>) == {:error, {:bad_tag, 9}}
    end
  end

  test "csv: fields, quotes, empty lines at the end" do
    assert Csv.parse("") == {:ok, []}
    assert Csv.parse("a,b\n1,\n") == {:ok, [["a", "b"], ["1", ""]]}
    assert Csv.parse(~s("a,\nb")) == {:ok, [["a,\nb"]]}
    assert Csv.parse(~s(ä,"ö""ü")) == {:ok, [["ä", ~s(ö"ü)]]}
  end

  test "csv: two modules hand a million quotes to each other" do
    text = String.duplicate(~s("x"y), 500_000)
    assert {:ok, [[field]]} = Csv.parse(text)
    assert field == String.duplicate("xy", 500_000)
  end

  test "csv: maps" do
    assert Csv.maps("sku,name\nA,Tee\nB,Mug") ==
             {:ok, [%{"sku" => "A", "name" => "Tee"}, %{"sku" => "B", "name" => "Mug"}]}

    assert Csv.maps("sku,name\nA,Tee\nB") == {:error, {:row, 2}}
    assert Csv.maps("") == {:error, :no_header}
    assert Csv.maps(~s(a,"b)) == {:error, :unclosed_quote}
  end
end
