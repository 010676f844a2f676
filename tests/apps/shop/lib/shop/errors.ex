defmodule Shop.OutOfStockError do
  @moduledoc "Raised when somebody insists on more than the shelf holds."

  defexception [:sku, wanted: 1, available: 0]

  @type t :: %__MODULE__{
          sku: String.t(),
          wanted: pos_integer(),
          available: non_neg_integer()
        }

  @impl true
  def message(%__MODULE__{sku: sku, wanted: wanted, available: 0}) do
    "#{sku} is sold out (#{wanted} wanted)"
  end

  def message(%{sku: sku, wanted: wanted, available: available}),
    do: "only #{available} of #{sku} left (#{wanted} wanted)"
end

defmodule Shop.CardError do
  @moduledoc "A card that the payment network cannot even talk about."

  defexception [:message, :card]

  @type t :: %__MODULE__{message: String.t(), card: String.t()}

  @impl true
  def exception(card) when is_binary(card) do
    %__MODULE__{card: card, message: "card #{mask(card)} poisoned the gateway"}
  end

  @doc """
  Hides all but the last two characters.

      iex> Shop.CardError.mask("4000-13")
      "*****13"

  """
  @spec mask(String.t()) :: String.t()
  def mask(card) when byte_size(card) <= 2, do: card
  def mask(card), do: String.duplicate("*", String.length(card) - 2) <> String.slice(card, -2, 2)
end
