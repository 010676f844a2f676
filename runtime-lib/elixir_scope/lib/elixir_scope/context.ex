defmodule ElixirScope.Context do
  @moduledoc """
  On whose behalf code runs: a correlation id that goes where the work goes.

      ElixirScope.with_context("request-17", %{user: 3}, fn -> handle(request) end)

  Whatever `handle/1` does is in this context: in its own process, in a `Task`, in a
  GenServer that it calls or casts to, in any process that it sends a message or spawns,
  and in what these do in turn, on other nodes too. Each event of a recording has the
  context it happened in; `trace show --correlation request-17` and
  `ElixirScope.events(correlation: "request-17")` pick them.

  The VM carries it, as the label of its sequential trace token (`:seq_trace`): with
  every message and to every process that is spawned, whether or not anything is
  recorded, and without a change to any of them. Nobody traces: only the label is set, and
  another tool's system tracer keeps what it has.

  The rule is the VM's: **a process is in the context of the message that it took last.**
  So a GenServer that served a request leaves its context with the next message: that one
  has its own, or none. What happens in between, in `handle_continue` for one, still belongs
  to it. Timers, monitors, ports and sockets send no context, and take none away. Where it
  ends:

    * who is handed work by other means than a message (an ETS table, a file) is in no
      context, and a message that waits in a process's state belongs to the one that wakes it:
      a pool that answers later answers in the context of the message that made it answer;
    * a message from outside of all contexts ends the block's context in a process that
      takes it within `with_context/3`. What follows in the block has none;
    * a node on which `with_context/3` was never called does not look for contexts.

  The id and the metadata are copied with every message, so they should be small.
  """

  alias ElixirScope.Native

  @label :elixir_scope
  @used {__MODULE__, :used}

  @typedoc "What a context is called: any term, best a text."
  @type id :: term

  @doc "Runs `fun` in a context; see `ElixirScope.with_context/3`."
  @spec run(id, term, (() -> result)) :: result when result: var
  def run(id, metadata, fun) do
    use_contexts()
    before = :seq_trace.get_token()
    :seq_trace.set_token(:label, {@label, number(id), id, metadata})

    try do
      fun.()
    after
      :seq_trace.set_token(before)
    end
  end

  @doc "The context of the calling process; see `ElixirScope.context/0`."
  @spec current() :: %{id: id, metadata: term} | nil
  def current do
    case :seq_trace.get_token(:label) do
      {:label, {@label, _number, id, metadata}} -> %{id: id, metadata: metadata}
      _ -> nil
    end
  end

  @doc "An id that nobody else has."
  @spec generate() :: String.t()
  def generate, do: Base.encode16(:rand.bytes(8), case: :lower)

  @doc """
  Has the capture library look for contexts, if there are any and it can; for the
  recorder.
  """
  @spec prepare() :: :ok
  def prepare do
    {pid, monitor} = spawn_monitor(&seek/0)
    receive do: ({:DOWN, ^monitor, :process, ^pid, _} -> :ok)
    if used?(), do: Native.use_contexts()
    :ok
  end

  # By a process of its own, whose token is nobody else's.
  defp seek do
    number = number(make_ref())
    :seq_trace.set_token([])
    Native.seek_token(0, 0)
    :seq_trace.set_token(:label, {@label, number, [], []})
    Native.seek_token(1, number)
    :seq_trace.set_token([])
    Native.seek_token(2, 0)
  end

  defp use_contexts do
    # First things first: who finds them used goes on at once.
    unless used?() do
      Native.use_contexts()
      :persistent_term.put(@used, true)
    end
  end

  defp used?, do: :persistent_term.get(@used, false)

  # The same on every node. It stands in records, where 59 bits have room; never 0.
  defp number(id) do
    <<number::58, _::70>> = :erlang.md5(:erlang.term_to_binary(id))
    number + 1
  end
end
