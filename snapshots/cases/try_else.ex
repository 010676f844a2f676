defmodule Case do
  def outcome(fun) do
    try do
      fun.()
    rescue
      error -> {:raised, error}
    else
      nil -> :nothing
      value -> done(value)
    end
  end

  defp done(value), do: value
end
