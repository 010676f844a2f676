defmodule Shop.CustomerTest do
  use ExUnit.Case, async: true
  doctest Shop.Customer

  alias Shop.{Customer, Describe}

  test "the first broken rule is reported" do
    assert Customer.new("", "A", tier: :king) == {:error, "customer: id must not be empty"}

    assert Customer.new("a", "A", tier: :king, email: "x") ==
             {:error, "customer: tier must be one of [:guest, :regular, :gold]"}

    assert Customer.new("a", "A", email: "x@y") == {:error, "customer: email is no address"}
  end

  test "unknown fields raise" do
    assert_raise KeyError, fn -> Customer.new("a", "A", shoe_size: 43) end
  end

  test "initials in any script" do
    {:ok, customer} = Customer.new("g", "Григорий Перельман")
    assert Customer.initials(customer) == "ГП"
  end

  test "years counts whole years and never goes below zero" do
    customer = %Customer{id: "a", name: "A", since: ~D[2020-07-01]}
    assert Customer.years(customer) == 3
    assert Customer.years(customer, ~D[2024-07-02]) == 4
    assert Customer.years(customer, ~D[2019-01-01]) == 0
  end

  test "the derived description shows only the chosen fields" do
    {:ok, customer} = Customer.new("a", "Ada", email: "ada@example.org")
    assert Describe.line(customer) == ~s|Customer(id: "a", name: "Ada")|
  end
end
