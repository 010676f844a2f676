defmodule Case do
  def kind(x) do
    case x do
      0 -> :zero
      n when n > 0 -> :plus
      _ -> :minus
    end
  end
end
