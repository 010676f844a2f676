defmodule Case do
  def area(width, height) do
    width * height
  end
end
