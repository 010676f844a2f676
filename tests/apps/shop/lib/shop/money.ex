defmodule Shop.Money do
  @moduledoc """
  Amounts in whole cents. Never floats.

      iex> Shop.Money.add(Shop.Money.new(1250), Shop.Money.new(50))
      %Shop.Money{cents: 1300, currency: :EUR}

      iex> to_string(Shop.Money.new(-5))
      "-€0.05"

  """

  @enforce_keys [:cents]
  defstruct cents: 0, currency: :EUR

  @type currency :: :EUR | :USD
  @type t :: %__MODULE__{cents: integer(), currency: currency()}

  # Called for every line of every order: not worth a call.
  @compile {:inline, same_currency?: 2}

  @doc "An amount of `cents`, in euro unless told otherwise."
  @spec new(integer(), currency()) :: t()
  def new(cents, currency \\ :EUR) when is_integer(cents) do
    %__MODULE__{cents: cents, currency: currency}
  end

  @doc "Nothing at all."
  @spec zero() :: t()
  def zero, do: new(0)

  @doc "Adds two amounts of the same currency."
  @spec add(t(), t()) :: t()
  def add(%__MODULE__{} = a, %__MODULE__{} = b) do
    unless same_currency?(a, b) do
      raise ArgumentError, "cannot add #{b.currency} to #{a.currency}"
    end

    %{a | cents: a.cents + b.cents}
  end

  @doc "Multiplies by a whole number."
  @spec times(t(), integer()) :: t()
  def times(%__MODULE__{cents: cents} = money, factor) when is_integer(factor),
    do: %{money | cents: cents * factor}

  @doc """
  Takes `percent` of the amount, rounding half away from zero.

      iex> Shop.Money.percent(Shop.Money.new(995), 10).cents
      100

  """
  @spec percent(t(), 0..100) :: t()
  def percent(%__MODULE__{cents: cents} = money, percent) when percent in 0..100 do
    %{money | cents: round(cents * percent / 100)}
  end

  @doc """
  Adds up a list; an empty list is worth `zero/0`.

      iex> Shop.Money.sum([Shop.Money.new(1), Shop.Money.new(2)]).cents
      3

  """
  @spec sum([t()]) :: t()
  def sum([]), do: zero()
  def sum([first | rest]), do: Enum.reduce(rest, first, &add/2)

  @doc """
  Reads `"€12.50"`, `"$3"` or `"12.5"`.

      iex> Shop.Money.parse("€12.50")
      {:ok, %Shop.Money{cents: 1250, currency: :EUR}}

      iex> Shop.Money.parse("twelve")
      :error

  """
  @spec parse(String.t()) :: {:ok, t()} | :error
  def parse("€" <> rest), do: parse(rest, :EUR)
  def parse("$" <> rest), do: parse(rest, :USD)
  def parse(text) when is_binary(text), do: parse(text, :EUR)
  def parse(_), do: :error

  defp parse("-" <> _, _currency), do: :error

  defp parse(text, currency) do
    case String.split(text, ".") do
      [whole] ->
        cents(whole, 0, currency)

      [whole, <<a, b>>] when a in ?0..?9 and b in ?0..?9 ->
        cents(whole, (a - ?0) * 10 + (b - ?0), currency)

      [whole, <<tenths>>] when tenths in ?0..?9 ->
        cents(whole, (tenths - ?0) * 10, currency)

      _ ->
        :error
    end
  end

  defp cents(whole, hundredths, currency) do
    with {units, ""} <- Integer.parse(whole) do
      {:ok, new(units * 100 + hundredths, currency)}
    else
      {_number, _junk} -> :error
      :error -> :error
    end
  end

  defp same_currency?(%{currency: currency}, %{currency: currency}), do: true
  defp same_currency?(_, _), do: false

  defimpl String.Chars do
    def to_string(%{cents: cents} = money) when cents < 0 do
      "-" <> Kernel.to_string(%{money | cents: -cents})
    end

    def to_string(%{cents: cents, currency: currency}) do
      fraction = cents |> rem(100) |> Integer.to_string() |> String.pad_leading(2, "0")
      ~s(#{symbol(currency)}#{div(cents, 100)}.#{fraction})
    end

    defp symbol(:EUR), do: "€"
    defp symbol(:USD), do: "$"
  end

  defimpl Shop.Describe do
    def line(money), do: "#{money}"
  end
end
