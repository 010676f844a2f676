defmodule ElixirScope.Trace do
  @moduledoc """
  One request of `ElixirScope.trace/2`: whose events, of which code, and how much of them.

  What it says is checked here, and put as the capture library wants it.
  """

  alias ElixirScope.{Config, Native, Reader}

  @levels [:values, :branches, :boundaries, :off]
  @limits [:depth, :items, :binary_bytes, :payload_bytes]
  @options [level: :values, others: :off, processes: :all, except: [], inherit: false] ++
             [sample: 1, duration: :infinity, recording: []] ++
             Enum.map(@limits, &{&1, 0})

  @enforce_keys [:target, :code, :processes, :options]
  defstruct [:ref, :target, :code, :processes, :options, :slot, :sites, :timer] ++
              [except: [], monitors: %{}]

  @typedoc """
  What to trace: a process (its pid or its registered name), a module, a function, all
  clauses of that name, or a source file as the node map has it.

  An atom that is a registered name stands for the process; `{Module, :_}` is the module.
  """
  @type target :: pid | atom | {module, atom} | mfa | Path.t()

  @typedoc "A trace that runs, and what `describe/1` says of it; `ref` is what `ElixirScope.stop_trace/1` takes."
  @type info :: %{
          ref: reference,
          target: target,
          text: String.t(),
          level: Native.level(),
          processes: [pid] | :all,
          sample: pos_integer,
          ends_in_ms: non_neg_integer | :infinity
        }

  @type t :: %__MODULE__{}

  @doc "The levels, the fullest first."
  @spec levels() :: [Native.level()]
  def levels, do: @levels

  @doc """
  Checks a request. What is no option or no value raises; a process that is not there is
  an error.
  """
  @spec new(target, keyword) :: {:ok, t} | {:error, String.t()}
  def new(target, options) do
    options = validate!(options)

    with {:ok, code, own} <- target(target),
         {:ok, processes} <- processes(options[:processes]),
         {:ok, except} <- pids(options[:except]),
         {:ok, processes} <- both(target, own, processes) do
      trace = %__MODULE__{target: target, code: code, processes: processes, options: options}
      {:ok, %{trace | ref: make_ref(), except: except}}
    end
  end

  @doc """
  Finds the sites of what is traced in these node maps.
  """
  @spec resolve(t, [Path.t()]) :: {:ok, t} | {:error, String.t()}
  def resolve(%{code: :any} = trace, _maps), do: {:ok, %{trace | sites: nil}}

  def resolve(trace, maps) do
    {file, module, name, arity} = trace.code

    Enum.reduce_while(maps, {:ok, []}, fn map, {:ok, found} ->
      case Native.sites(map, file, module, name, arity) do
        {:ok, ids} -> {:cont, {:ok, [ids | found]}}
        {:error, _} = error -> {:halt, error}
      end
    end)
    |> case do
      {:ok, found} -> sites(trace, Enum.concat(found), maps)
      error -> error
    end
  end

  defp sites(trace, [], maps), do: {:error, without_probes(trace.target, maps)}
  defp sites(trace, ids, _maps), do: {:ok, %{trace | sites: ids}}

  defp without_probes(_target, []) do
    "no code with probes is loaded, so there is nothing to trace: compile with " <>
      "compilers: [:elixir_scope] ++ Mix.compilers() in mix.exs (mix elixir_scope.doctor says " <>
      "what is missing), or assemble the release with &ElixirScope.Release.instrument/1"
  end

  defp without_probes(target, _maps) do
    "#{subject(target)} has no probes: " <>
      if loaded?(target),
        do:
          "it was compiled without them; see :deps, :exclude and the plan in " <>
            "ElixirScope.Config, or trace a process, and :messages with it",
        else: "there is no such module here; is its name right, and its code loaded?"
  end

  defp loaded?({module, _}), do: loaded?(module)
  defp loaded?({module, _, _}), do: loaded?(module)
  defp loaded?(module) when is_atom(module), do: Code.ensure_loaded?(module)
  defp loaded?(_file), do: true

  @doc "The trace as `ElixirScope.Native.set_traces/4` takes it."
  @spec native(t) :: tuple
  def native(trace) do
    share = div(2 ** 64 - 1, trace.options[:sample])
    limits = Enum.map(@limits, &trace.options[&1]) ++ [share]
    processes = if trace.processes != :all, do: trace.processes
    level = number(trace.options[:level])
    {trace.slot, level, trace.sites, processes, trace.except, limits, trace.options[:inherit]}
  end

  @doc "The number of a level: 0 is the fullest."
  @spec number(Native.level()) :: 0..3
  def number(level), do: Enum.find_index(@levels, &(&1 == level))

  @doc """
  What is traced, in a few words.

      iex> {:ok, trace} = ElixirScope.Trace.new({Enum, :map, 2}, level: :branches, sample: 10)
      iex> ElixirScope.Trace.describe(trace)
      "Enum.map/2: branches, of 1 in 10 processes"

  """
  @spec describe(t) :: String.t()
  def describe(trace) do
    among =
      case trace.processes do
        :all -> ""
        [pid] when pid == trace.target -> ""
        pids -> " in " <> Enum.map_join(pids, ", ", &inspect/1)
      end

    sample = trace.options[:sample]
    of = if sample > 1, do: ", of 1 in #{sample} processes", else: ""
    "#{subject(trace.target)}#{among}: #{trace.options[:level]}#{of}"
  end

  defp subject(target) when is_binary(target), do: target
  defp subject(target) when is_pid(target) or is_atom(target), do: inspect(target)
  defp subject({module, :_}), do: inspect(module)
  defp subject({module, name}), do: Reader.function({module, name}) |> String.trim_trailing("/")
  defp subject(mfa), do: Reader.function(mfa)

  @doc "What `ElixirScope.status/0` says of it."
  @spec info(t) :: info
  def info(trace) do
    left = if trace.timer, do: Process.read_timer(trace.timer) || 0, else: :infinity

    trace
    |> Map.take([:ref, :target, :processes])
    |> Map.merge(%{level: trace.options[:level], sample: trace.options[:sample]})
    |> Map.merge(%{text: describe(trace), ends_in_ms: left})
  end

  # Of which code (file, module, name, arity), in which processes.
  defp target(pid) when is_pid(pid), do: with({:ok, pids} <- pids([pid]), do: {:ok, :any, pids})

  defp target(name) when is_atom(name) and name not in [nil, true, false] do
    case Process.whereis(name) do
      pid when is_pid(pid) -> {:ok, :any, [pid]}
      _ -> {:ok, {"", module(name), "", -1}, :all}
    end
  end

  defp target({module, :_}) when is_atom(module), do: {:ok, {"", module(module), "", -1}, :all}

  defp target({module, name}) when is_atom(module) and is_atom(name),
    do: {:ok, {"", module(module), Atom.to_string(name), -1}, :all}

  defp target({module, name, arity})
       when is_atom(module) and is_atom(name) and arity in 0..255,
       do: {:ok, {"", module(module), Atom.to_string(name), arity}, :all}

  defp target(file) when is_binary(file) and file != "", do: {:ok, {file, "", "", -1}, :all}

  defp target(other) do
    raise ArgumentError,
          "a trace is of a pid, a registered name, a module, {module, function}, " <>
            "{module, function, arity} or a source file, got: #{inspect(other)}"
  end

  # As node maps have it.
  defp module(module), do: inspect(module)

  defp processes(:all), do: {:ok, :all}
  defp processes(processes) when is_list(processes) and processes != [], do: pids(processes)
  defp processes(process) when is_pid(process) or is_atom(process), do: pids([process])

  defp processes(other) do
    raise ArgumentError,
          ":processes must be :all, a process or a list of them, got: #{inspect(other)}"
  end

  defp pids(processes) do
    Enum.reduce_while(processes, {:ok, []}, fn process, {:ok, pids} ->
      pid = if is_atom(process), do: Process.whereis(process), else: process

      if is_pid(pid) and node(pid) == node() and Process.alive?(pid),
        do: {:cont, {:ok, pids ++ [pid]}},
        else: {:halt, {:error, "there is no process #{inspect(process)} here"}}
    end)
  end

  defp both(_target, :all, processes), do: {:ok, processes}
  defp both(_target, own, :all), do: {:ok, own}

  defp both(target, _own, _processes) do
    raise ArgumentError, ":processes says of code whose it is, #{inspect(target)} is a process"
  end

  defp validate!(options) do
    case Keyword.validate(options, @options) do
      {:ok, options} ->
        for {key, value} <- options, do: check!(key, value)
        options

      {:error, [first | _] = unknown} ->
        known = Keyword.keys(@options)
        near = Config.near(first, known) || ", trace/2 knows #{inspect(known)}"
        raise ArgumentError, "unknown options #{inspect(unknown)}#{near}"
    end
  end

  defp check!(key, value) when key in [:level, :others] do
    value in @levels || wrong!(key, "one of #{inspect(@levels)}", value)
  end

  defp check!(:inherit, value), do: is_boolean(value) || wrong!(:inherit, "true or false", value)
  defp check!(:duration, :infinity), do: true

  defp check!(key, value) when key in [:duration, :sample] do
    (is_integer(value) and value > 0) || wrong!(key, "a positive integer", value)
  end

  defp check!(key, value) when key in @limits do
    (is_integer(value) and value >= 0) || wrong!(key, "an integer from 0 on", value)
  end

  defp check!(key, value) when key in [:except, :recording] do
    is_list(value) || wrong!(key, "a list", value)
  end

  defp check!(:processes, _), do: true

  defp wrong!(key, wanted, value) do
    raise ArgumentError, "#{inspect(key)} must be #{wanted}, got: #{inspect(value)}"
  end
end
