defmodule ElixirScope.Test.Errands do
  @moduledoc """
  Random programs of processes, tasks and GenServers, which carry the id of their context
  by hand, too: in the arguments of all that they start, and in all that they send.

  Every step writes an event that says which id it has by hand. Whoever takes a message
  goes on with the id that it brings.
  """
  use GenServer

  @servers 4

  @doc "Runs `roots` random programs at once, and waits for all that they began."
  def run(roots) do
    servers = for n <- 1..@servers, do: start_server(n)

    roots
    |> Enum.map(fn _ -> errand(4, 0) end)
    |> Enum.map(&Process.monitor(spawn(fn -> follow(&1, nil, servers) end)))
    |> Enum.each(fn monitor ->
      :normal = receive(do: ({:DOWN, ^monitor, _, _, reason} -> reason))
    end)

    # Each hands on to those behind it only.
    for server <- servers, do: :sys.get_state(server)
    for server <- servers, do: GenServer.stop(server)
    :ok
  end

  defp start_server(n) do
    {:ok, pid} = GenServer.start(__MODULE__, n)
    pid
  end

  # A list of steps; `behind` is the last server that is at work on it.
  defp errand(depth, behind) do
    for _ <- 1..(1 + :rand.uniform(3)), do: step(depth, behind)
  end

  defp step(0, _behind), do: :here

  defp step(depth, behind) do
    case :rand.uniform(9) do
      1 -> {:context, Enum.random([:a, "b", {:c, 1}, "d"]), errand(depth - 1, behind)}
      2 -> {:context, "#{:rand.uniform(50)}", errand(depth - 1, behind)}
      3 -> {:task, errand(depth - 1, behind)}
      4 -> {:spawn, errand(depth - 1, behind)}
      n when n in 5..6 and behind < @servers -> serve(:call, depth, behind)
      n when n in 7..8 and behind < @servers -> serve(:cast, depth, behind)
      9 -> :wait
      _ -> :here
    end
  end

  defp serve(how, depth, behind) do
    server = behind + :rand.uniform(@servers - behind)
    {how, server, errand(depth - 1, server), errand(0, server)}
  end

  # Gives the id that whoever followed it has at the end.
  defp follow(errand, id, servers) do
    Enum.reduce(errand, here(id), fn step, id -> here(take(step, id, servers)) end)
  end

  defp here(id) do
    :scope_probe.bind(1, {:by_hand, id})
    id
  end

  defp take(:here, id, _servers), do: id

  defp take(:wait, id, _servers) do
    Process.send_after(self(), :now, 1)
    receive do: (:now -> id)
  end

  defp take({:context, inner, errand}, id, servers) do
    ElixirScope.with_context(inner, %{from: id}, fn -> follow(errand, inner, servers) end)
    id
  end

  defp take({:task, errand}, id, servers),
    do: Task.await(Task.async(fn -> follow(errand, id, servers) end), :infinity)

  defp take({:spawn, errand}, id, servers) do
    parent = self()
    pid = spawn(fn -> send(parent, {self(), follow(errand, id, servers)}) end)
    receive do: ({^pid, id} -> id)
  end

  defp take({:call, server, errand, later}, id, servers),
    do: GenServer.call(Enum.at(servers, server - 1), {errand, later, id, servers}, :infinity)

  defp take({:cast, server, errand, later}, id, servers) do
    GenServer.cast(Enum.at(servers, server - 1), {errand, later, id, servers})
    id
  end

  @impl true
  def init(n), do: {:ok, n}

  @impl true
  def handle_call({errand, later, id, servers}, _from, n) do
    id = follow(errand, id, servers)
    {:reply, id, n, {:continue, {later, id, servers}}}
  end

  @impl true
  def handle_cast({errand, later, id, servers}, n) do
    id = follow(errand, id, servers)
    {:noreply, n, {:continue, {later, id, servers}}}
  end

  @impl true
  def handle_continue({later, id, servers}, n) do
    follow(later, id, servers)
    {:noreply, n}
  end
end
