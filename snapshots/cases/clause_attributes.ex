defmodule Case do
  @behaviour Access

  @doc "Documented."
  @spec half(number) :: float
  def half(number), do: number / 2

  @impl true
  def fetch(term, key), do: {:ok, {term, key}}

  @impl Access
  @doc false
  def get_and_update(term, key, fun) do
    {key, fun, term}
  end

  @deprecated "use half/1"
  def pop(term, key), do: {key, term}
end
