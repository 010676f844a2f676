defmodule Case do
  defstruct [:cents]

  def cents(%__MODULE__{cents: cents}) do
    cents
  end

  def kind(%module{}), do: module
end
