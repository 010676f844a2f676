defmodule Shop.Scenario do
  @moduledoc """
  An hour in the life of the shop, in less than a second, and the same each time.
  """

  alias Shop.{Archive, Cart, Carts, Csv, Feed, Inventory, Ledger}
  alias Shop.{Money, Order, PaymentGateway, Retry}

  require Logger

  @good_card "4000-13"
  @poisoned_card "666-13"
  @skus ~w(TE-001 TE-002 CO-001 CO-002)

  @type summary :: %{
          customers: non_neg_integer(),
          outcomes: %{optional(atom()) => pos_integer()},
          income: integer(),
          gateway: :restarted,
          tip: :ok | {:error, :insufficient},
          naps: :seen,
          feed: Feed.Parser.summary(),
          suppliers: [String.t()]
        }

  @doc """
  Runs it all and returns a summary.

  Options: `:customers` (how many), and `:print`, false for silence. The crash
  of the gateway is meant to happen, so it is logged only if the environment
  variable `SHOP_VERBOSE` is set.
  """
  @spec run(keyword()) :: summary()
  def run(opts \\ []) do
    count = Keyword.get(opts, :customers, 12)
    say = if Keyword.get(opts, :print, true), do: &IO.puts/1, else: fn _line -> :ok end

    quietly(fn ->
      before = Ledger.balance(:income)
      outcomes = morning(count)
      income = Ledger.balance(:income) - before
      say.("orders   #{describe(outcomes)}")
      say.("income   #{Money.new(income)}")

      gateway = noon()
      say.("gateway  #{gateway}, still knows its total: #{PaymentGateway.total() > 0}")

      tip = tip(income)
      naps = afternoon()
      say.("naps     #{naps}")

      {feed, suppliers} = evening()
      say.("feed     #{feed.count} prices, #{feed.notes} note(s); #{Enum.join(suppliers, ", ")}")

      %{
        customers: count,
        outcomes: outcomes,
        income: income,
        gateway: gateway,
        tip: tip,
        naps: naps,
        feed: feed,
        suppliers: suppliers
      }
    end)
  end

  @doc "Runs the steps 1 to `n`; after each, prints `ack K` on a line of its own."
  @spec steps(non_neg_integer()) :: :ok
  def steps(n) do
    for k <- 1..n//1 do
      step(k)
      IO.write("ack #{k}\n")
    end

    :ok
  end

  @doc "One step: a new customer buys something. Returns what was paid, in cents."
  @spec step(pos_integer()) :: pos_integer()
  def step(k) when is_integer(k) do
    {:ok, customer} = Shop.customer("step-#{k}", "Step #{k}")
    sku = Enum.at(@skus, rem(k, length(@skus)))
    quantity = 1 + rem(k, 3)

    Shop.put(customer, sku, quantity)
    {:ok, %Order{total: total}} = Shop.buy(customer, @good_card)
    Inventory.restock(sku, quantity)
    total.cents
  end

  # Everybody fills a cart, then all carts are paid at the same time.
  defp morning(count) do
    tiers = Shop.Customer.tiers()

    orders =
      for i <- 1..count//1 do
        tier = Enum.at(tiers, rem(i, 3))
        {:ok, customer} = Shop.customer("scenario-#{i}", "Käufer #{i}", tier: tier)
        for sku <- Enum.take(@skus, 1 + rem(i, 4)), do: Shop.put(customer, sku, 1 + rem(i, 2))
        # Every sixth wants more mugs than there are.
        if rem(i, 6) == 0, do: Shop.put(customer, "MU-001", 1000)

        {:ok, order} = customer.id |> Carts.find() |> Cart.checkout()
        {order, if(rem(i, 5) == 0, do: "4000-00", else: @good_card)}
      end

    answers = Shop.Checkout.place_all(orders)
    # What was sold is delivered again over night.
    for {:ok, order} <- answers,
        line <- order.lines,
        do: Inventory.restock(line.sku, line.quantity)

    Enum.frequencies_by(answers, &outcome/1)
  end

  defp outcome({:ok, %Order{status: :paid}}), do: :paid
  defp outcome({:error, %Shop.OutOfStockError{}}), do: :out_of_stock
  defp outcome({:error, reason}) when is_atom(reason), do: reason

  defp noon do
    pid = Process.whereis(PaymentGateway)
    {:error, :gateway_down} = PaymentGateway.charge(@poisoned_card, Money.new(1))
    :ok = Retry.poll(fn -> Process.whereis(PaymentGateway) not in [nil, pid] end)
    :restarted
  end

  defp tip(income) do
    with :ok <- Ledger.transfer(:income, :tips, div(income, 100)) do
      # Give it back, so that the next run starts from the same books.
      Ledger.transfer(:tips, :income, div(income, 100))
    end
  end

  # A cart and an archive that go to sleep at once, and wake up when asked.
  defp afternoon do
    {:ok, customer} = Shop.customer("scenario-sleepy", "Siësta")
    cart = Carts.open(customer, idle: 0)
    Cart.add(cart, "TE-001")
    {:ok, archive} = Archive.start_link(name: :scenario_archive, idle: 0)
    Archive.store(archive, :nightcap)

    :ok = Retry.poll(fn -> Cart.naps(cart) > 0 end)
    :ok = Retry.poll(fn -> match?({[:nightcap], n} when n > 0, Archive.read(archive)) end)

    {:ok, _order} = Cart.checkout(cart)
    Process.unlink(archive)
    Process.exit(archive, :kill)
    :seen
  end

  defp evening do
    {:ok, feed} = Feed.Parser.summary(Feed.sample(20_000))
    {:ok, suppliers} = Csv.maps(~s(name,city\n"Müller, Söhne",Kiel\nTë & Co,"Den ""Haag"""))
    {feed, for(%{"name" => name, "city" => city} <- suppliers, do: "#{name} (#{city})")}
  end

  defp describe(outcomes) do
    outcomes |> Enum.sort() |> Enum.map_join(", ", fn {what, n} -> "#{n} #{what}" end)
  end

  defp quietly(fun) do
    level = Logger.level()
    unless System.get_env("SHOP_VERBOSE"), do: Logger.configure(level: :none)

    try do
      fun.()
    after
      Logger.configure(level: level)
    end
  end
end
