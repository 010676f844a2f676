defmodule Case do
  import ExUnit.Assertions

  def checked(x) do
    assert_raise ArgumentError, fn ->
      String.to_integer(x)
    end
  end

  def timed(x) do
    Shop.Clock.measure do
      String.to_integer(x)
    end
  end
end
