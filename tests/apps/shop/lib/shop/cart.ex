defmodule Shop.Cart do
  @moduledoc """
  What one customer is about to buy: a process that naps while nothing happens.
  """

  use GenServer, restart: :transient

  alias Shop.{Customer, Order}

  @idle 5_000

  @enforce_keys [:customer]
  defstruct [:customer, idle: @idle, items: %{}, naps: 0]

  @type t :: %__MODULE__{
          customer: Customer.t(),
          idle: timeout(),
          items: %{optional(String.t()) => pos_integer()},
          naps: non_neg_integer()
        }

  @doc "The name under which the cart of a customer is registered."
  @spec via(String.t()) :: {:via, module(), term()}
  def via(customer_id), do: {:via, Registry, {Shop.CartRegistry, customer_id}}

  @doc "Starts a cart. Option: `:idle`, after how many ms it hibernates."
  @spec start_link({Customer.t(), keyword()}) :: GenServer.on_start()
  def start_link({%Customer{id: id} = customer, opts}) do
    cart = struct!(%__MODULE__{customer: customer}, opts)
    GenServer.start_link(__MODULE__, cart, name: via(id))
  end

  @doc "Puts pieces into the cart; returns how many of them it holds now."
  @spec add(GenServer.server(), String.t(), pos_integer()) :: pos_integer()
  def add(cart, sku, quantity \\ 1) when quantity > 0 do
    GenServer.call(cart, {:add, sku, quantity})
  end

  @doc "Takes an article out again, however many there are."
  @spec remove(GenServer.server(), String.t()) :: :ok
  def remove(cart, sku), do: GenServer.cast(cart, {:remove, sku})

  @doc "What is in the cart."
  @spec items(GenServer.server()) :: %{optional(String.t()) => pos_integer()}
  def items(cart), do: GenServer.call(cart, :items)

  @doc "How often the cart hibernated."
  @spec naps(GenServer.server()) :: non_neg_integer()
  def naps(cart), do: GenServer.call(cart, :naps)

  @doc """
  Turns the cart into an order and ends it; an empty cart stays.

  When this returns, the process is gone and the customer may open a new cart.
  """
  @spec checkout(pid()) :: {:ok, Order.t()} | {:error, :empty}
  def checkout(cart) when is_pid(cart) do
    monitor = Process.monitor(cart)

    with {:ok, order} <- GenServer.call(cart, :checkout) do
      receive do
        {:DOWN, ^monitor, :process, ^cart, _reason} -> {:ok, order}
      end
    else
      {:error, :empty} ->
        Process.demonitor(monitor, [:flush])
        {:error, :empty}
    end
  end

  @doc """
  Adds to the items of a cart.

      iex> Shop.Cart.put_item(%{"tea" => 1}, "tea", 2)
      %{"tea" => 3}

  """
  @spec put_item(map(), String.t(), pos_integer()) :: map()
  def put_item(items, sku, quantity), do: Map.update(items, sku, quantity, &(&1 + quantity))

  @impl true
  def init(%__MODULE__{idle: idle} = cart), do: {:ok, cart, idle}

  @impl true
  def handle_call({:add, sku, quantity}, _from, cart) do
    items = put_item(cart.items, sku, quantity)
    {:reply, items[sku], %{cart | items: items}, cart.idle}
  end

  def handle_call(:items, _from, cart), do: {:reply, cart.items, cart, cart.idle}
  def handle_call(:naps, _from, cart), do: {:reply, cart.naps, cart, cart.idle}

  def handle_call(:checkout, _from, %{items: items} = cart) when map_size(items) == 0 do
    {:reply, {:error, :empty}, cart, cart.idle}
  end

  def handle_call(:checkout, _from, cart) do
    {:stop, :normal, {:ok, Order.new(cart.customer, cart.items)}, cart}
  end

  @impl true
  def handle_cast({:remove, sku}, cart) do
    {:noreply, %{cart | items: Map.delete(cart.items, sku)}, cart.idle}
  end

  @impl true
  def handle_info(:timeout, cart), do: {:noreply, %{cart | naps: cart.naps + 1}, :hibernate}
  def handle_info(_stray, cart), do: {:noreply, cart, cart.idle}
end
