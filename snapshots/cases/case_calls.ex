defmodule Case do
  def run(x) do
    case x do
      {:ok, value} ->
        done(value)

      {:error, reason} ->
        log = inspect(reason)
        {:failed, log}

      :again -> run(:ok)
      :never -> raise "never"
    end
  end

  defp done(value), do: value
end
