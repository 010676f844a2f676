defmodule ElixirScope.TimeTravel.Observer do
  @moduledoc false
  # What runs inside of an observed process: a debug function, as of `:sys.install/2`.
  #
  # Its own memory is the version before. Nothing of the program is touched: no process
  # dictionary, no message that its callbacks could see, no state. Whatever fails here is
  # caught, and would only take the debug function away.
  #
  # A GenServer's debug events have its state. Those of a `:gen_statem` have not: there
  # it sends itself the system message that `:sys.replace_state/2` sends, whose function
  # looks and then throws, so that nothing is replaced. The answer goes to whoever asked
  # for the observation, since the process's own mailbox is the program's.

  alias ElixirScope.Native

  @enforce_keys [:limit, :flags, :asker]
  defstruct [:limit, :flags, :asker, :last]

  @typedoc "What the debug function remembers."
  @type t :: %__MODULE__{
          limit: pos_integer,
          flags: :atomics.atomics_ref(),
          asker: pid,
          last: term
        }

  # The flags: a look is asked for; something happened since the last look; when looking
  # may go on, in native time; the hash of what was seen last.
  @asked 1
  @stale 2
  @not_before 3
  @seen 4

  # Looking takes at most a part in so many of a process's time.
  @share 10

  @doc "The memory of a process whose answers `asker` gets, for states of `limit` bytes."
  @spec new(pos_integer, pid) :: t
  def new(limit, asker),
    do: %__MODULE__{limit: limit, flags: :atomics.new(4, []), asker: asker}

  @doc "The debug function."
  @spec observe(t, term, term) :: t
  def observe(memory, {:noreply, state}, _name), do: keep(memory, state)
  def observe(memory, {:out, _reply, _to, state}, _name), do: keep(memory, state)

  def observe(memory, event, _name) when elem(event, 0) in [:consume, :postpone],
    do: look_later(memory)

  def observe(memory, _event, _name), do: memory

  defp keep(memory, state) do
    %{memory | last: Native.version(memory.last, state, memory.limit)}
  catch
    _, _ -> memory
  end

  defp look_later(memory) do
    :atomics.put(memory.flags, @stale, 1)
    if System.monotonic_time() >= :atomics.get(memory.flags, @not_before), do: ask(memory)
    memory
  catch
    _, _ -> memory
  end

  @doc "Lets the process look at its own state, soon, if it has not yet been asked to."
  @spec ask(t, pid) :: :ok
  def ask(memory, process \\ self()) do
    if :atomics.exchange(memory.flags, @asked, 1) == 0 do
      request = {:replace_state, &look(memory.flags, memory.limit, &1)}
      send(process, {:system, {memory.asker, :elixir_scope}, request})
    end

    :ok
  end

  @doc "Whether something happened in the process that nobody has looked at."
  @spec stale?(t) :: boolean
  def stale?(memory), do: :atomics.get(memory.flags, @stale) == 1

  @doc "Lets the next look be written even if nothing changed."
  @spec forget(t) :: :ok
  def forget(memory), do: :atomics.put(memory.flags, @seen, -1)

  @doc """
  What `:sys.replace_state/2` calls in the process: it writes the state, and throws the
  number of its bytes.
  """
  @spec look(:atomics.atomics_ref() | nil, pos_integer, term) :: no_return
  def look(flags, limit, state), do: throw({:elixir_scope, written(flags, limit, state)})

  defp written(nil, limit, state), do: Native.snapshot(self(), state, limit, false)

  defp written(flags, limit, state) do
    :atomics.put(flags, @asked, 0)
    # Only of those that are looked at: a GenServer's debug events tell each change.
    happened? = :atomics.exchange(flags, @stale, 0) == 1
    start = System.monotonic_time()
    # Two thirds of all states that differ have other hashes than -1, which is none's.
    hash = :erlang.phash2(state, 4_294_967_296)

    if :atomics.exchange(flags, @seen, hash) != hash,
      do: Native.snapshot(self(), state, limit, happened?)

    now = System.monotonic_time()
    :atomics.put(flags, @not_before, now + @share * (now - start))
  end
end
