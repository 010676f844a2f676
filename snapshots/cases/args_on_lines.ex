defmodule Case do
  def charge(
        %{number: number},
        amount,
        # in minor units
        [currency | _] = currencies
      ) do
    {number, amount, currency, currencies}
  end
end
