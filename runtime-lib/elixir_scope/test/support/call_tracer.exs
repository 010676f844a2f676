defmodule ElixirScope.Test.CallTracer do
  @moduledoc """
  How each call of a module's functions ended, as the VM's own tracing tells.
  """

  @matching [{:_, [], [{:exception_trace}]}]

  @doc "Starts a process to which the VM tells each call of `module`, and how it ends."
  def start(module) do
    tracer = spawn_link(fn -> collect([]) end)
    :erlang.trace_pattern({module, :_, :_}, @matching, [:local])
    tracer
  end

  @doc "Traces a process that has not begun."
  def trace(tracer, pid), do: :erlang.trace(pid, true, [:call, {:tracer, tracer}])

  @doc """
  The calls of each process in the order in which they began: `{name, arity}` and
  `{:returned, value}`, `{:raised, class}` or `:open`.
  """
  def stop(tracer, module) do
    reference = :erlang.trace_delivered(:all)
    receive do: ({:trace_delivered, :all, ^reference} -> :ok)
    :erlang.trace_pattern({module, :_, :_}, false, [:local])
    send(tracer, {:stop, self()})

    receive do:
              ({^tracer, messages} ->
                 messages |> Enum.group_by(&elem(&1, 1)) |> Map.new(&calls/1))
  end

  defp collect(messages) do
    receive do
      {:stop, to} -> send(to, {self(), Enum.reverse(messages)})
      message -> collect([message | messages])
    end
  end

  defp calls({pid, messages}) do
    {endings, _, _} =
      for message <- messages, not anonymous?(message), reduce: {%{}, [], 0} do
        state -> told(message, state)
      end

    {pid, endings |> Enum.sort() |> Enum.map(&elem(&1, 1))}
  end

  # Functions that the compiler made of anonymous ones are traced as well.
  defp anonymous?(message), do: message |> elem(3) |> elem(1) |> to_string() =~ ~r/^-/

  defp told({:trace, _, :call, {_, name, arguments}}, {endings, open, number}) do
    function = {name, length(arguments)}
    {Map.put(endings, number, {function, :open}), [number | open], number + 1}
  end

  defp told({:trace, _, :return_from, mfa, value}, state),
    do: ended(mfa, {:returned, value}, state)

  defp told({:trace, _, :exception_from, mfa, {class, _}}, state),
    do: ended(mfa, {:raised, class}, state)

  defp ended({_, name, arity}, how, {endings, [number | open], next}) do
    %{^number => {{^name, ^arity} = function, :open}} = endings
    {%{endings | number => {function, how}}, open, next}
  end
end
