defmodule Shop.ReportTest do
  use ExUnit.Case, async: true
  doctest Shop.Report

  require Shop.Audit

  alias Shop.{About, Audit, Customer, Order, Pricing, Report}

  test "an invoice, line by line" do
    {:ok, customer} = Customer.new("z", "Zoë")
    {:ok, order} = customer |> Order.new(%{"TE-001" => 2, "MU-001" => 1}) |> Pricing.price()

    assert Report.invoice(order) == """
           Invoice for Zoë
             1 × MU-001 à €7.99 = €7.99
             2 × TE-001 à €4.50 = €9.00
           Total: €20.89 — thank you!
           """
  end

  test "bars and shelves" do
    assert Report.bars(%{"a" => 1, "b" => 2, "c" => 2}) == ["b █", "c █"]
    assert Report.shelf("tea", 0) == "tea: empty"
    assert Report.shelf("tea", 1) == "tea: 1 piece"
  end

  test "the shop knows where it is" do
    assert About.title() == "Shop"
    here = About.here()
    assert %{module: About, function: {:here, 0}} = here
    assert here.file == Path.expand("lib/shop/about.ex")
    assert here.dir == Path.expand("lib/shop")

    assert here.file |> File.read!() |> String.split("\n") |> Enum.at(here.line - 1) =~
             "__ENV__.line"
  end

  test "a stack trace leads to the line that raised" do
    assert [{About, :trail, 0, location} | _] = About.trail()
    assert location[:file] == ~c"lib/shop/about.ex"
    source = "lib/shop/about.ex" |> File.read!() |> String.split("\n")
    assert Enum.at(source, location[:line] - 1) =~ ~s(raise "where am I?")
  end

  test "the audit knows who reported what, and on which line" do
    Audit.audit(:tested, by: :me)
    line = __ENV__.line - 1
    assert [{:tested, __MODULE__, ^line, [by: :me]}] = Audit.entries(:tested)
    assert Audit.entries(:never) == []
  end
end
