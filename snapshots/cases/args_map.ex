defmodule Case do
  def name(%{first: first, last: last}) do
    {first, last}
  end

  def id(%{id: id} = user), do: {id, user}
  def same(user = %{id: id}), do: {id, user}
end
