defmodule Case do
  def bump(state) do
    %{state | count: state.count + 1}
  end
end
