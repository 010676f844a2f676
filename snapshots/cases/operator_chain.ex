defmodule Case do
  def found?(a, b, c) do
    known?(a) && known?(b) || known?(c)
  end

  defp known?(x), do: x != nil
end
