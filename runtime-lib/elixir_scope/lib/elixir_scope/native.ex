defmodule ElixirScope.Native do
  @moduledoc false
  # The capture library, `priv/elixir_scope_nif.so`; see `runtime-lib/nif`.
  #
  # Nothing here is called before `load/0` said `:ok`, and the probes below only
  # through the module that `ElixirScope.Gate` loads. Should this module be replaced
  # in a running VM, the new one takes the library over before anybody calls it. Where
  # it cannot, since its library is another one, its functions are what stands here
  # until `load/0` is called again: they do nothing, and break nobody.

  @on_load :take_over

  @replaced "the module of the capture library was replaced"

  # `load.rs` has the same number: what the functions' arguments mean.
  @contract 3

  @doc "Loads the library; once is enough, more does no harm."
  @spec load() :: :ok | {:error, String.t()}
  def load do
    with {:ok, library} <- library(),
         :ok <- library |> :erlang.load_nif(@contract) |> loaded(library),
         do: :persistent_term.put(__MODULE__, :loaded)
  end

  @doc false
  @spec take_over() :: :ok
  def take_over do
    with :loaded <- :persistent_term.get(__MODULE__, :never),
         {:ok, library} <- library(),
         do: :erlang.load_nif(library, @contract)

    :ok
  end

  defp library do
    case :code.priv_dir(:elixir_scope) do
      {:error, :bad_name} -> {:error, "the package elixir_scope is not on the code path"}
      directory -> {:ok, :filename.join(directory, ~c"elixir_scope_nif")}
    end
  end

  defp loaded(:ok, _), do: :ok
  defp loaded({:error, {:reload, _}}, _), do: :ok

  # This module was replaced, and the old code still has another library, whose recording
  # ends with it.
  defp loaded({:error, {:upgrade, text}}, library) do
    if :code.soft_purge(__MODULE__),
      do: library |> :erlang.load_nif(@contract) |> loaded(library),
      else: {:error, "the capture library: #{text}"}
  end

  # The system gives a library of the same name again, whatever the file holds.
  defp loaded({:error, {:load, _}}, library) do
    {:error, "the capture library #{library} is of another version; restart the VM"}
  end

  defp loaded({:error, {_, text}}, _), do: {:error, "the capture library: #{text}"}

  @doc "The probes, with their arities."
  @spec probes() :: [{atom, arity}]
  def probes do
    for(name <- [:enter, :locals], arity <- 1..11, do: {name, arity}) ++
      [branch: 1, caught: 4, leave: 1, leave: 2, leave_falsy: 2, leave_truthy: 2] ++
      [bind: 2, tail: 1, tail: 2, mark: 3]
  end

  @doc """
  Starts writing events below `directory`.

  `limits`: bytes of a segment, bytes in all, depth and items of a term, bytes of
  a binary, bytes of a payload, room of the process table, schedulers, 1 to keep the
  newest events only, and of those the greatest age in ms. `recorder` is sent each
  process that is seen for the first time. `samples` is `samples/0`, as the library's
  reading of binaries is compared with the VM's. `secrets` is
  `ElixirScope.Redaction.native/1`.
  """
  @spec start(Path.t(), <<_::128>>, [non_neg_integer], pid, [binary], {boolean, [String.t()]}) ::
          :ok | {:error, String.t()}
  def start(_directory, _run, _limits, _recorder, _samples, _secrets), do: {:error, @replaced}

  @doc "A binary of each form: on the heap, shared, parts of both, and appended to."
  @spec samples() :: [binary]
  def samples do
    small = :binary.copy("small")
    large = :binary.copy("large", 100)
    appended = Enum.reduce(1..300, <<>>, fn byte, all -> <<all::binary, byte>> end)
    [small, large, binary_part(small, 1, 3), binary_part(large, 7, 99), appended]
  end

  @doc "Lets no probe begin to write; true when a recording was running."
  @spec silence() :: boolean
  def silence, do: false

  @doc "Stops; true when a recording was running."
  @spec stop() :: boolean
  def stop, do: false

  @doc """
  Whether events are written; events, bytes, lost events, lost bytes, truncated
  events, panics, bytes of events recycled, bytes of all segments; why no more can be written, or `""`.
  """
  @spec status() :: {boolean, [non_neg_integer], String.t()}
  # Opaque to type inference, which would take the stub for the whole truth.
  def status, do: apply(Function, :identity, [{false, [0, 0, 0, 0, 0, 0, 0, 0], @replaced}])

  @doc "Removes a recording, unless somebody writes or reads it; whether it did."
  @spec remove_run(Path.t()) :: boolean
  def remove_run(_directory), do: false

  @doc """
  How the capture path is, as `ElixirScope.Health` names the numbers: whole ones, and
  those of how long events took. It asks the disk.
  """
  @spec health() :: {[non_neg_integer], [float]}
  def health, do: apply(Function, :identity, [{[], []}])

  @typedoc "How much is recorded; each level costs less than the one before."
  @type level :: :values | :branches | :boundaries | :off

  @doc """
  Changes how much of everything is recorded, and records that with its cause.

  `:values` is every event with its terms. `:branches` leaves out the terms of calls,
  the values of expressions and variables; `:boundaries` leaves out branches and what
  handlers caught, too, and of what the VM tells collections and scheduling. Both leave
  out what is in messages, and of a state's versions all but that it changed. `:off`
  leaves nothing but the ends of processes.

  Gives the level before, or `nil` when nothing is recorded.
  """
  @spec set_detail(level, term) :: level | nil | false
  def set_detail(_level, _cause), do: apply(Function, :identity, [nil])

  @typedoc """
  A trace: its slot; the number of its level; node ids and processes (`nil`: all), and
  processes to leave out; depth, items, bytes of a binary, bytes of a payload (0: as the
  recording has it), and the share of 2^64; whether processes that are spawned belong to it.
  """
  @type trace ::
          {0..31, 0..3, [non_neg_integer] | nil, [pid] | nil, [pid], [non_neg_integer], boolean}

  @doc """
  Records the events of these traces, and of all others as much as the level of that
  number; `wider?` is whether all that was written still is. `what` is recorded with it.
  """
  @spec set_traces(0..3, [trace], boolean, [term]) :: boolean
  def set_traces(_others, _traces, _wider?, _what), do: apply(Function, :identity, [false])

  @doc "Samples the calling process by this key, by itself if that is 0; false without room."
  @spec set_key(non_neg_integer) :: boolean
  def set_key(_key), do: apply(Function, :identity, [false])

  @doc "The node ids of a file, module, function and arity in a map; empty and -1 are any."
  @spec sites(Path.t(), String.t(), String.t(), String.t(), integer) ::
          {:ok, [non_neg_integer]} | {:error, String.t()}
  def sites(_map, _file, _module, _name, _arity),
    do: apply(Function, :identity, [{:error, @replaced}])

  @doc "Names a process in the recording; false without room now."
  @spec note_name(pid, String.t()) :: boolean
  def note_name(_pid, _name), do: false

  @doc "Lets the name of a process that ended go, with its events: for processes with names."
  @spec forget_name(pid) :: boolean
  def forget_name(_pid), do: false

  @doc "Notes that a process ended, and in a list the reason, if it is known."
  @spec note_exit(pid, [term]) :: boolean
  def note_exit(_pid, _reason), do: false

  @doc "Lets the VM's tracing with this state be recorded."
  @spec trace_on(pos_integer) :: boolean
  def trace_on(_state), do: false

  @doc "Discards what is still traced; true when something was."
  @spec trace_off() :: boolean
  def trace_off, do: false

  @doc "Keeps only the outlines of messages, or the messages; what it did before."
  @spec trace_outlines(boolean) :: boolean
  def trace_outlines(_only), do: false

  @doc "Notes the name that a process had before anything was traced."
  @spec note_register(pid, atom) :: boolean
  def note_register(_pid, _name), do: false

  @doc "Lets so many calls be told of, in all and within a second."
  @spec calls_on(pos_integer, pos_integer) :: boolean
  def calls_on(_most, _per_second), do: false

  @doc "Lets no call be told of; how many might still have been."
  @spec calls_off() :: non_neg_integer
  def calls_off, do: 0

  @doc "Looks for the place of a process's token; see `ElixirScope.Context`."
  @spec seek_token(0..2, non_neg_integer) :: boolean
  def seek_token(_step, _number), do: false

  @doc "Lets events have contexts; whether they can."
  @spec use_contexts() :: boolean
  def use_contexts, do: false

  # OTP's `erl_tracer`: the VM calls only what the library has for them.
  @doc false
  def enabled(:trace_status, _state, _tracee), do: :remove
  def enabled(_tag, _state, _tracee), do: :discard

  @doc false
  def trace(_tag, _state, _tracee, _what, _options), do: :ok

  @doc false
  def trace_send(_tag, _state, _sender, _message, _options), do: :ok

  @doc false
  def trace_receive(_tag, _state, _receiver, _message, _options), do: :ok

  @doc """
  Writes the calling process's state, whole or as what differs from the last version;
  what to give as `last` the next time. `limit` is the bytes that it may have.
  """
  @spec version(term, term, pos_integer) :: term
  def version(_last, _state, _limit), do: nil

  @doc """
  Writes the state of a process, on its own: the bytes, or `nil`. It is `false` where
  states are left out; that this one `changed` is then noted, unless nothing is written.
  """
  @spec snapshot(pid, term, pos_integer, boolean) :: pos_integer | nil | false
  def snapshot(_pid, _state, _limit, _changed), do: apply(Function, :identity, [nil])

  @doc "Does nothing: what calling a native function costs."
  @spec nop() :: :ok
  def nop, do: :ok

  for arity <- 1..11 do
    @doc false
    def enter(unquote_splicing(Enum.map(1..arity, fn _ -> quote(do: _) end))), do: :ok
    @doc false
    def locals(unquote_splicing(Enum.map(1..arity, fn _ -> quote(do: _) end))), do: :ok
  end

  @doc false
  def branch(_), do: nil
  @doc false
  def caught(_, _, _, _), do: :ok
  @doc false
  def leave(_), do: nil
  @doc false
  def leave(_, value), do: value
  @doc false
  def leave_falsy(_, value), do: value
  @doc false
  def leave_truthy(_, value), do: value
  @doc false
  def bind(_, value), do: value
  @doc false
  def tail(_), do: :ok
  @doc false
  def tail(_, value), do: value
  @doc false
  def mark(_, _, _), do: :ok
end
