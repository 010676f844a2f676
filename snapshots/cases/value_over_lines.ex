defmodule Case do
  def config(name) do
    %{
      name: name,
      # of one request
      timeout: 5_000
    }
  end

  def long(a, b) do
    a.first +
      b.second
  end
end
