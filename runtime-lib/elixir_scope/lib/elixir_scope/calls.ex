defmodule ElixirScope.Calls do
  @moduledoc """
  Calls of functions that have no probes: of Elixir's and Erlang's modules, of
  dependencies, of whatever was compiled before.

  The VM traces them (`:erlang.trace_pattern/3`) and tells the capture library, so they
  stand in the recording among all else that happens. A call and its end cost about as
  much as a message that is traced; the function itself is not changed. While it waits
  for the end, a traced call that calls in tail position keeps its caller's frame: a
  function that loops for ever in that way is traced with `returns: false`.

  What a function is called with has no names here: of its arguments, only what their own
  keys name is redacted. `arguments: false` leaves all of them out.

  See `ElixirScope.trace_calls/2`.
  """

  alias ElixirScope.{Native, Tracer}

  @defaults [
    match: [{:_, [], []}],
    returns: true,
    arguments: true,
    local: true,
    processes: :all,
    max: 100_000,
    per_second: 10_000,
    duration: :infinity
  ]

  # `wire::record`: bits of a call's variant.
  @no_end 1
  @with_message 2

  # Patterns outlive the process that set them.
  @set {__MODULE__, :patterns}

  @enforce_keys [:functions, :spec, :how, :flags, :processes, :max, :per_second, :duration]
  defstruct @enforce_keys

  @typedoc "A function, all of a name, or all of a module."
  @type pattern :: module | {module, atom} | mfa

  @typedoc "What was asked for."
  @opaque t :: %__MODULE__{}

  @doc """
  What `ElixirScope.trace_calls/2` asks of the recorder; raises where it makes no sense.
  """
  @spec request!(pattern | [pattern], keyword) :: t
  def request!(patterns, options) do
    options = Keyword.validate!(options, @defaults)
    for key <- [:max, :per_second], do: positive!(key, options[key])
    unless options[:duration] == :infinity, do: positive!(:duration, options[:duration])

    %__MODULE__{
      functions: patterns |> List.wrap() |> Enum.map(&function!/1),
      spec: Enum.map(spec!(options[:match]), &told(&1, options[:returns])),
      how: if(options[:local], do: [:local], else: [:global]),
      flags: if(options[:arguments], do: [:calls], else: [:calls, :arity]),
      processes: options[:processes],
      max: options[:max],
      per_second: options[:per_second],
      duration: options[:duration]
    }
  end

  @doc "Begins, for the recorder; gives the number of functions."
  @spec start(Tracer.t(), t) :: {:ok, Tracer.t(), pos_integer} | {:error, String.t()}
  def start(tracer, request) do
    for {module, _, _} <- request.functions, do: Code.ensure_loaded(module)

    with {:ok, tracer} <- Tracer.add(tracer, request.flags, request.processes) do
      Native.calls_on(request.max, request.per_second)
      put(Enum.uniq(request.functions ++ set()))

      case Enum.sum(for mfa <- request.functions, do: pattern(tracer, mfa, request)) do
        0 ->
          stop(tracer)
          {:error, "no function is #{Enum.map_join(request.functions, ", ", &describe/1)}"}

        count ->
          {:ok, tracer, count}
      end
    end
  end

  @doc """
  Takes the patterns back. The ends of calls that were told are told still.
  """
  @spec stop(Tracer.t()) :: :ok
  def stop(tracer) do
    Native.calls_off()
    for mfa <- set(), how <- [:local, :global], do: Tracer.pattern(tracer, mfa, false, [how])
    put([])
  end

  @doc "Takes back what a recorder that crashed had begun."
  @spec recover() :: :ok
  def recover, do: stop(%Tracer{})

  defp pattern(tracer, mfa, request), do: Tracer.pattern(tracer, mfa, request.spec, request.how)

  defp set, do: :persistent_term.get(@set, [])

  defp put(patterns) do
    if patterns != set(), do: :persistent_term.put(@set, patterns)
    :ok
  end

  # What the capture library is told beside the call: see `wire::record`.
  defp told({head, guards, body}, returns?) do
    skipped? = {:message, false} in body
    body = Enum.map(body, &said(&1, returns?))
    silent? = not Enum.any?(body, &match?({:message, _}, &1))

    ends =
      cond do
        skipped? -> []
        returns? -> [{:exception_trace}]
        silent? -> [{:message, {{@no_end, []}}}]
        true -> []
      end

    {head, guards, ends ++ body}
  end

  defp said({:message, false} = skip, _returns?), do: skip
  defp said({:message, term}, true), do: {:message, {{@with_message, term}}}
  defp said({:message, term}, false), do: {:message, {{@no_end + @with_message, term}}}
  defp said(action, _returns?), do: action

  defp function!({module, name, arity} = mfa)
       when is_atom(module) and is_atom(name) and arity in 0..255,
       do: own!(module) && mfa

  defp function!({module, name}) when is_atom(module) and is_atom(name),
    do: own!(module) && {module, name, :_}

  defp function!(module) when is_atom(module), do: own!(module) && {module, :_, :_}

  defp function!(other) do
    raise ArgumentError,
          "functions are {module, name, arity}, {module, name} or a module, got: #{inspect(other)}"
  end

  # Every function of the VM is more than it can tell; the recorder must not be told of
  # what it does itself.
  defp own!(:_), do: raise(ArgumentError, "calls are traced of a module by name, not of all")

  defp own!(module) do
    if module == :scope_probe or Application.get_application(module) == :elixir_scope,
      do: raise(ArgumentError, "calls of #{inspect(module)} are not traced: it records them"),
      else: true
  end

  defp spec!(spec) do
    case :erlang.match_spec_test([], spec, :trace) do
      {:ok, _, _, _} ->
        spec

      {:error, errors} ->
        raise ArgumentError, ":match is no match specification: #{inspect(errors)}"
    end
  end

  defp describe({module, :_, :_}), do: "in #{inspect(module)}"
  defp describe({module, name, :_}), do: "#{inspect(module)}.#{name}"
  defp describe({module, name, arity}), do: Exception.format_mfa(module, name, arity)

  defp positive!(_key, value) when is_integer(value) and value > 0, do: :ok

  defp positive!(key, value) do
    raise ArgumentError, "#{inspect(key)} must be a positive integer, got: #{inspect(value)}"
  end
end
