defmodule Case do
  def round(number, digits \\ 2, opts \\ []) do
    {number, digits, opts}
  end
end
