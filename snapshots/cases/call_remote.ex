defmodule Case do
  alias Shop.Payments

  def pay(order) do
    Payments.charge(order.card, order.total)
  end

  def ping(module), do: module.ping()
  def erlang(x), do: :shop_server.handle(x)
  def here(x), do: __MODULE__.pay(x)
  def options(x), do: Payments.charge(x, currency: :eur, retry: true)
end
