defmodule Case do
  def safe(fun), do: try(do: fun.(), rescue: (error -> retry(error)))
  def closed(fun), do: fun.(), after: retry(nil)
  def saved(fun), do: fun.(), rescue: (error -> retry(error))

  defp retry(error), do: error
end
