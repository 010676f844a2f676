defmodule Shop.MoneyTest do
  use ExUnit.Case, async: true
  doctest Shop.Money

  alias Shop.Money

  test "adding different currencies is an error that names both" do
    assert_raise ArgumentError, "cannot add USD to EUR", fn ->
      Money.add(Money.new(1), Money.new(1, :USD))
    end
  end

  test "percent rounds half away from zero and refuses nonsense" do
    assert Money.percent(Money.new(995), 10) == Money.new(100)
    assert Money.percent(Money.new(0), 50) == Money.zero()
    assert_raise FunctionClauseError, fn -> Money.percent(Money.new(1), 101) end
  end

  test "sum of nothing, one and many" do
    assert Money.sum([]) == Money.zero()
    assert Money.sum([Money.new(5, :USD)]) == Money.new(5, :USD)
    assert Money.sum(Enum.map(1..100, &Money.new/1)).cents == 5050
  end

  test "parse reads whole, tenths and hundredths in both currencies" do
    assert Money.parse("12") == {:ok, Money.new(1200)}
    assert Money.parse("12.5") == {:ok, Money.new(1250)}
    assert Money.parse("$0.07") == {:ok, Money.new(7, :USD)}
  end

  test "parse refuses everything else" do
    for text <- ["", "€", "1.234", "1.2.3", "-1", "1,50", "1.x", nil, 12] do
      assert Money.parse(text) == :error, "accepted #{inspect(text)}"
    end
  end

  test "prints what it parses" do
    for text <- ["€0.00", "€0.09", "$12.50", "€1234.56"] do
      {:ok, money} = Money.parse(text)
      assert "#{money}" == text
    end

    assert "#{Money.new(-1234)}" == "-€12.34"
  end

  test "the cents are enforced" do
    assert_raise ArgumentError, ~r/keys must also be given.*:cents/, fn ->
      struct!(Money, currency: :EUR)
    end
  end
end
