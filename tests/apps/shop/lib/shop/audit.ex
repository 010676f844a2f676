defmodule Shop.Audit do
  @moduledoc """
  Remembers the latest events, and where in the source they were reported.

  `audit/2` is a macro, so that the call's module and line come for free.
  """

  use Agent

  @keep 100

  @type entry :: {event :: atom(), module(), line :: pos_integer(), keyword()}

  @doc "Reports `event` with some details; needs `require Shop.Audit`."
  defmacro audit(event, details \\ []) do
    line = __CALLER__.line

    quote do
      Shop.Audit.record({unquote(event), __MODULE__, unquote(line), unquote(details)})
    end
  end

  @doc "Starts the agent."
  @spec start_link(keyword()) :: Agent.on_start()
  def start_link(_opts) do
    Agent.start_link(fn -> [] end, name: __MODULE__)
  end

  @doc "Appends an entry; what `audit/2` expands to."
  @spec record(entry()) :: :ok
  def record({_event, _module, _line, _details} = entry) do
    Agent.cast(__MODULE__, &Enum.take([entry | &1], @keep))
  end

  @doc "The entries for one event, latest first."
  @spec entries(atom()) :: [entry()]
  def entries(event) do
    Agent.get(__MODULE__, fn entries ->
      for {^event, _, _, _} = entry <- entries, do: entry
    end)
  end
end
