defmodule Case do
  defexception [:reason]

  @impl true
  def message(%{reason: reason}), do: "failed: #{inspect(reason)}"

  @impl true
  def exception(reason) when is_atom(reason), do: %__MODULE__{reason: reason}
end
