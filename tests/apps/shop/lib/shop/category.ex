defmodule Shop.Category do
  @moduledoc "Categories form a small forest; every question about it is a walk."

  @parents %{
    "green-tea" => "tea",
    "tea" => "drinks",
    "coffee" => "drinks",
    "drinks" => nil,
    "food" => nil,
    "dishes" => nil
  }

  @labels %{"drinks" => "Getränke", "food" => "Essen", "coffee" => "Kaffee"}

  @doc """
  Whether a category is below, or is, another one.

      iex> Shop.Category.within?("green-tea", "drinks")
      true

      iex> Shop.Category.within?("drinks", "green-tea")
      false

  """
  @spec within?(String.t() | nil, String.t()) :: boolean()
  def within?(same, same), do: true

  def within?(category, ancestor) do
    parent = @parents[category]
    parent != nil and within?(parent, ancestor)
  end

  @doc "Whether any of the categories is within `ancestor`."
  @spec any_within?([String.t()], String.t()) :: boolean()
  def any_within?([], _ancestor), do: false

  def any_within?([category | rest], ancestor) do
    within?(category, ancestor) or any_within?(rest, ancestor)
  end

  @doc "Whether all categories exist."
  @spec known?([String.t()]) :: boolean()
  def known?([]), do: true
  def known?([category | rest]), do: Map.has_key?(@parents, category) && known?(rest)

  @doc "The label of a category, or of the nearest category above that has one."
  @spec label(String.t() | nil) :: String.t()
  def label(nil), do: "Sonstiges"
  def label(category), do: @labels[category] || label(@parents[category])

  @doc """
  The way from a root to a category.

      iex> Shop.Category.path("green-tea")
      ["drinks", "tea", "green-tea"]

  """
  @spec path(String.t() | nil, [String.t()]) :: [String.t()]
  def path(category, path \\ [])
  def path(nil, path), do: path
  def path(category, path), do: @parents |> Map.get(category) |> path([category | path])
end
