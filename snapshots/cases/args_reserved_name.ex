defmodule Case do
  def twice(scope_arg1) do
    2 * scope_arg1
  end
end
