defmodule ElixirScope.Native do
  @moduledoc false
  # The capture library, `priv/elixir_scope_nif.so`; see `runtime-lib/nif`.
  #
  # Nothing here is called before `load/0` said `:ok`, and the probes below only
  # through the module that `ElixirScope.Gate` loads.

  @doc "Loads the library; once is enough, more does no harm."
  @spec load() :: :ok | {:error, String.t()}
  def load do
    with directory when is_list(directory) <- :code.priv_dir(:elixir_scope) do
      directory |> :filename.join(~c"elixir_scope_nif") |> :erlang.load_nif(0) |> loaded()
    else
      {:error, :bad_name} -> {:error, "the package elixir_scope is not on the code path"}
    end
  end

  defp loaded(:ok), do: :ok
  # Loaded before, by this module or by the one it replaced.
  defp loaded({:error, {kind, _}}) when kind in [:reload, :upgrade], do: :ok
  defp loaded({:error, {_, text}}), do: {:error, "the capture library: #{text}"}

  @doc "The probes, with their arities."
  @spec probes() :: [{atom, arity}]
  def probes do
    for(arity <- 1..11, do: {:enter, arity}) ++
      [branch: 1, caught: 4, leave: 1, leave: 2, leave_falsy: 2, leave_truthy: 2] ++
      [bind: 2, tail: 1, tail: 2]
  end

  @doc """
  Starts writing events below `directory`.

  `limits`: bytes of a segment, bytes in all, depth and items of a term, bytes of
  a binary, bytes of a payload. `recorder` is sent each process that is seen for
  the first time. `samples` is `samples/0`, as the library's reading of binaries is
  compared with the VM's.
  """
  @spec start(Path.t(), <<_::128>>, [non_neg_integer], pid, [binary]) ::
          :ok | {:error, String.t()}
  def start(_directory, _run, _limits, _recorder, _samples), do: missing()

  @doc "A binary of each form: on the heap, shared, parts of both, and appended to."
  @spec samples() :: [binary]
  def samples do
    small = :binary.copy("small")
    large = :binary.copy("large", 100)
    appended = Enum.reduce(1..300, <<>>, fn byte, all -> <<all::binary, byte>> end)
    [small, large, binary_part(small, 1, 3), binary_part(large, 7, 99), appended]
  end

  @doc "Stops; true when a recording was running."
  @spec stop() :: boolean
  def stop, do: missing()

  @doc """
  Whether events are written; events, bytes, lost events, lost bytes, truncated
  events, panics; why no more can be written, or `""`.
  """
  @spec status() :: {boolean, [non_neg_integer], String.t()}
  def status, do: missing()

  @doc "Names a process in the recording."
  @spec note_name(pid, String.t()) :: boolean
  def note_name(_pid, _name), do: missing()

  @doc "Notes that a process ended."
  @spec note_exit(pid, term) :: boolean
  def note_exit(_pid, _reason), do: missing()

  @doc "Does nothing: what calling a native function costs."
  @spec nop() :: :ok
  def nop, do: missing()

  for arity <- 1..11 do
    @doc false
    def enter(unquote_splicing(Enum.map(1..arity, fn _ -> quote(do: _) end))), do: missing()
  end

  @doc false
  def branch(_), do: missing()
  @doc false
  def caught(_, _, _, _), do: missing()
  @doc false
  def leave(_), do: missing()
  @doc false
  def leave(_, _), do: missing()
  @doc false
  def leave_falsy(_, _), do: missing()
  @doc false
  def leave_truthy(_, _), do: missing()
  @doc false
  def bind(_, _), do: missing()
  @doc false
  def tail(_), do: missing()
  @doc false
  def tail(_, _), do: missing()

  defp missing, do: :erlang.nif_error(:not_loaded)
end
