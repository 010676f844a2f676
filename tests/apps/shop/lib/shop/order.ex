defmodule Shop.Order do
  @moduledoc "What a customer wants, and how far we are with it."

  alias Shop.Money

  defmodule Line do
    @moduledoc "So many pieces of one article, priced once we know the price."

    @enforce_keys [:sku, :quantity]
    defstruct [:sku, :quantity, unit: nil]

    @type t :: %__MODULE__{sku: String.t(), quantity: pos_integer(), unit: Money.t() | nil}

    @doc "The price of the line."
    @spec total(t()) :: Money.t()
    def total(%__MODULE__{unit: unit, quantity: quantity}), do: Money.times(unit, quantity)

    defimpl Shop.Describe do
      def line(%{sku: sku, quantity: n}), do: Shop.Describe.line({n, sku})
    end
  end

  defmodule TransitionError do
    @moduledoc "An order was asked to do what it cannot do in its state."
    defexception [:from, :event]

    @type t :: %__MODULE__{from: atom(), event: atom()}

    @impl true
    def message(error), do: "no #{inspect(error.event)} in state #{inspect(error.from)}"
  end

  @enforce_keys [:customer, :lines]
  defstruct [:customer, :lines, :receipt, total: nil, status: :new]

  @type status :: :new | :priced | :paid | :shipped | :cancelled
  @type t :: %__MODULE__{
          customer: Shop.Customer.t(),
          lines: [Line.t()],
          receipt: pos_integer() | nil,
          total: Money.t() | nil,
          status: status()
        }

  @doc "An order for what a cart holds; the lines are sorted by article."
  @spec new(Shop.Customer.t(), %{optional(String.t()) => pos_integer()}) :: t()
  def new(customer, items) do
    lines = for {sku, quantity} <- Enum.sort(items), do: %Line{sku: sku, quantity: quantity}
    %__MODULE__{customer: customer, lines: lines}
  end

  @doc """
  Moves an order on; raises `Shop.Order.TransitionError` if it cannot.

      iex> Shop.Order.advance(%Shop.Order{customer: nil, lines: []}, :cancel).status
      :cancelled

  """
  @spec advance(t(), :price | :pay | :ship | :cancel) :: t()
  def advance(%__MODULE__{status: :new} = order, :price), do: %{order | status: :priced}
  def advance(%__MODULE__{status: :priced} = order, :pay), do: %{order | status: :paid}
  def advance(%__MODULE__{status: :paid} = order, :ship), do: %{order | status: :shipped}

  def advance(%__MODULE__{status: status} = order, :cancel) when status in [:new, :priced] do
    %{order | status: :cancelled}
  end

  def advance(%__MODULE__{status: status}, event) do
    raise TransitionError, from: status, event: event
  end

  @doc "How many pieces an order is about."
  @spec pieces(t()) :: non_neg_integer()
  def pieces(%__MODULE__{lines: lines}), do: pieces(lines, 0)

  defp pieces([], count), do: count
  defp pieces([%Line{quantity: quantity} | rest], count), do: pieces(rest, count + quantity)

  defimpl Shop.Describe do
    def line(%{lines: lines, status: status}), do: "#{status}: #{Shop.Describe.line(lines)}"
  end
end
