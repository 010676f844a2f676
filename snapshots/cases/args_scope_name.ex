defmodule Case do
  def inside?(scope_id, scope), do: scope_id in scope
end
