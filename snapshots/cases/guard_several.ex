defmodule Case do
  def size(thing)
      when is_list(thing)
      when is_map(thing) and map_size(thing) > 0 do
    {:sized, thing}
  end
end
