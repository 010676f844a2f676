defmodule Shop.Carts do
  @moduledoc "Every open cart, at most one per customer."

  use DynamicSupervisor

  alias Shop.Cart

  @doc "Starts the supervisor, without any cart."
  @spec start_link(keyword()) :: Supervisor.on_start()
  def start_link(opts \\ []), do: DynamicSupervisor.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(_opts), do: DynamicSupervisor.init(strategy: :one_for_one, max_restarts: 50)

  @doc "The customer's cart; opens one if there is none."
  @spec open(Shop.Customer.t(), keyword()) :: pid()
  def open(customer, opts \\ []) do
    case DynamicSupervisor.start_child(__MODULE__, {Cart, {customer, opts}}) do
      {:ok, pid} -> pid
      {:error, {:already_started, pid}} -> pid
    end
  end

  @doc "The cart of a customer id, if it is open (and alive: the registry may lag behind)."
  @spec find(String.t()) :: pid() | nil
  def find(customer_id), do: customer_id |> Cart.via() |> GenServer.whereis()

  @doc "Throws a cart away, with all that is in it."
  @spec close(String.t()) :: :ok | {:error, :not_found}
  def close(customer_id) do
    pid = find(customer_id)
    if pid, do: DynamicSupervisor.terminate_child(__MODULE__, pid), else: {:error, :not_found}
  end

  @doc "How many carts are open."
  @spec count() :: non_neg_integer()
  def count, do: DynamicSupervisor.count_children(__MODULE__).active
end
