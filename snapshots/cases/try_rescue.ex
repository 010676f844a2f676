defmodule Case do
  def safe(fun) do
    try do
      fun.()
    rescue
      error in ArgumentError -> retry(error)
      error -> {:error, error}
    end
  end

  def values(text) do
    try do
      String.to_integer(text)
    rescue
      ArgumentError -> :error
    end
  end

  defp retry(error), do: error
end
