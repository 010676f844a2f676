defmodule Case do
  import Kernel, except: [def: 2]
  import Shop.Contracts, only: [def: 2]

  def half(number) do
    number / 2
  end
end
