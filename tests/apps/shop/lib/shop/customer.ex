defmodule Shop.Customer do
  @moduledoc "Who buys. Names may be in any script."

  use Shop.Rules, label: "customer"

  @derive {Shop.Describe, only: [:id, :name]}
  @enforce_keys [:id, :name]
  defstruct [:id, :name, email: "", since: ~D[2020-01-01], tier: :guest]

  @type tier :: :guest | :regular | :gold
  @type t :: %__MODULE__{
          id: String.t(),
          name: String.t(),
          email: String.t(),
          since: Date.t(),
          tier: tier()
        }

  @tiers ~w(guest regular gold)a
  @address ~S"^[^@\s]+@[^@\s]+\.[a-z]+$"

  rule id(id), "must not be empty", do: id != ""
  rule tier(tier), "must be one of #{inspect(@tiers)}", do: tier in @tiers

  rule email(email), "is no address" do
    # A guest may stay anonymous.
    email == "" or Regex.match?(Regex.compile!(@address), email)
  end

  @doc """
  Builds and validates a customer.

      iex> {:ok, customer} = Shop.Customer.new("c1", "Zoë", email: "zoe@example.org")
      iex> customer.name
      "Zoë"

      iex> Shop.Customer.new("", "Nobody")
      {:error, "customer: id must not be empty"}

  """
  @spec new(String.t(), String.t(), keyword()) :: {:ok, t()} | {:error, String.t()}
  def new(id, name, fields \\ []) do
    %__MODULE__{id: id, name: name} |> struct!(fields) |> validate()
  end

  @doc "All tiers, lowest first."
  @spec tiers() :: [tier()]
  def tiers, do: @tiers

  @doc "The initials of a name, in any script."
  @spec initials(t()) :: String.t()
  def initials(%{name: name}) do
    for word <- String.split(name), into: "", do: String.first(word)
  end

  @doc "Whole years since the customer's first order, as of `today`."
  @spec years(t(), Date.t()) :: non_neg_integer()
  def years(customer, today \\ ~D[2024-06-30])

  def years(%__MODULE__{since: since}, %Date{} = today) do
    # Jahre is what the accounting export calls this column; Kürzel: „jähr“.
    jährlich = Date.diff(today, since) / 365.25
    jährlich |> trunc() |> max(0)
  end
end
