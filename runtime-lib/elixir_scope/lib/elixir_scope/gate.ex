defmodule ElixirScope.Gate do
  @moduledoc """
  Switches all probes on and off, by exchanging the module `:scope_probe`.

  Off costs a program a call of a constant function, and nothing is asked at run
  time: there is no flag. The exchange kills nobody: a module's old code is purged
  softly, and while a process still stands in it the exchange waits.
  """

  # The code for on: each function tail-calls its namesake in ElixirScope.Native,
  # so no process keeps a reference to this module for longer than the call.
  forms =
    for {name, arity} <- ElixirScope.Native.probes() do
      variables = for n <- 1..arity, do: {:var, 1, :"V#{n}"}
      call = {:call, 1, {:remote, 1, {:atom, 1, ElixirScope.Native}, {:atom, 1, name}}, variables}
      {:function, 1, name, arity, [{:clause, 1, variables, [], [call]}]}
    end

  exports = {:attribute, 1, :export, ElixirScope.Native.probes()}
  head = [{:attribute, 1, :module, :scope_probe}, exports]
  {:ok, :scope_probe, on} = :compile.forms(head ++ forms, [:deterministic])
  @on on

  @file_on ~c"elixir_scope/scope_probe_on"
  @attempts 1000

  @doc "Probes write events from here on."
  @spec on() :: :ok | {:error, String.t()}
  def on, do: exchange(@file_on, @on, @attempts)

  @doc "Probes are constants from here on."
  @spec off() :: :ok | {:error, String.t()}
  def off do
    if on?() do
      case :code.get_object_code(:scope_probe) do
        {:scope_probe, code, file} -> exchange(file, code, @attempts)
        :error -> {:error, "the package elixir_scope is not on the code path any more"}
      end
    else
      :ok
    end
  end

  @doc "Tells whether probes write events."
  @spec on?() :: boolean
  def on?, do: :code.is_loaded(:scope_probe) == {:file, @file_on}

  defp exchange(_file, _code, 0),
    do: {:error, "a process still stands in the old code of :scope_probe"}

  defp exchange(file, code, attempts) do
    with true <- :code.soft_purge(:scope_probe),
         {:module, :scope_probe} <- :code.load_binary(:scope_probe, file, code) do
      :ok
    else
      # In use, or another process loaded it in between.
      other when other in [false, {:error, :not_purged}] ->
        Process.sleep(1)
        exchange(file, code, attempts - 1)

      {:error, reason} ->
        {:error, "the module :scope_probe cannot be exchanged: #{inspect(reason)}"}
    end
  end
end
