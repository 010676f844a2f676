defmodule Case do
  def greet(name) do
    "hello, #{String.trim(name)}!"
  end
end
