defmodule Case do
  def list(%{page: page} \\ %{page: 1}, {field, _} = order \\ {:id, :asc}) do
    {page, field, order}
  end
end
