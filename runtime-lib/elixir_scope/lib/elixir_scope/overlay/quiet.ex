defmodule ElixirScope.Overlay.Quiet do
  @moduledoc """
  Keeps the second compilation of a file from saying everything twice.

  Whatever the compiler warns about, and whatever a module's body prints, the
  user has read when the original was compiled. What is hidden is told apart by
  group leader: the tasks of the shadow compilation, and every process they
  start, have a leader of ours that swallows output.

  From 1.15 on `Code.with_diagnostics/1` collects warnings per process, and that
  is all. Elixir 1.14 writes them to the registered name `:standard_error`, so
  there the name is lent to a proxy for as long as the compilation runs, as
  `ExUnit.CaptureIO` does. The proxy swallows what comes from our tasks and hands
  everything else, a logger's line for example, to the real device unchanged;
  that device answers the writer itself. The name is given back when the work is
  done or when the process that asked for silence dies, and the proxy stays a
  moment longer for writers that had already looked the name up.
  """

  @linger 1_000

  @doc """
  Runs `fun`, which gets a token for `task/2`, with silence for its tasks.
  """
  @spec around((pid -> result)) :: result when result: term
  def around(fun) do
    owner = self()
    sink = spawn(fn -> sink(Process.monitor(owner)) end)
    proxy = if per_process?(), do: nil, else: lend(owner, sink)

    try do
      fun.(sink)
    after
      if proxy, do: give_back(proxy)
      send(sink, :stop)
    end
  end

  @doc """
  Runs `fun` silently in the calling process; returns also what was hidden:
  diagnostics as `{severity, line, message}`, where Elixir collects them.
  """
  @spec task(pid, (() -> result)) :: {result, [{atom, non_neg_integer, String.t()}]}
        when result: term
  def task(sink, fun) do
    Process.group_leader(self(), sink)

    if per_process?() do
      {result, diagnostics} = apply(Code, :with_diagnostics, [fun])
      {result, Enum.map(diagnostics, &{&1.severity, line(&1.position), to_string(&1.message)})}
    else
      {fun.(), []}
    end
  end

  defp per_process?, do: function_exported?(Code, :with_diagnostics, 1)

  defp line({line, _column}), do: line
  defp line(line) when is_integer(line), do: line
  defp line(_), do: 0

  defp sink(owner) do
    receive do
      {:io_request, from, reference, request} ->
        send(from, {:io_reply, reference, answer(request)})
        sink(owner)

      :stop ->
        linger(&send(elem(&1, 1), {:io_reply, elem(&1, 2), answer(elem(&1, 3))}))

      {:DOWN, ^owner, _, _, _} ->
        :ok
    end
  end

  defp answer(request) when elem(request, 0) == :put_chars, do: :ok
  defp answer(request) when elem(request, 0) in [:requests, :setopts], do: :ok
  defp answer(request) when elem(request, 0) in [:get_chars, :get_line, :get_until], do: :eof
  defp answer(_request), do: {:error, :enotsup}

  defp lend(owner, sink) do
    with device when is_pid(device) <- Process.whereis(:standard_error) do
      reference = make_ref()

      proxy =
        spawn(fn ->
          monitor = Process.monitor(owner)
          rename(self())
          send(owner, reference)
          proxy(device, sink, monitor)
        end)

      watch = Process.monitor(proxy)

      receive do
        ^reference -> Process.demonitor(watch, [:flush])
        {:DOWN, ^watch, _, _, _} -> :ok
      end

      {proxy, device}
    end
  end

  defp proxy(device, sink, monitor) do
    receive do
      {:io_request, from, reference, _} = message ->
        if ours?(from, sink),
          do: send(from, {:io_reply, reference, :ok}),
          else: send(device, message)

        proxy(device, sink, monitor)

      {:give_back, from, reference} ->
        rename(device)
        send(from, reference)
        linger(&send(device, &1))

      {:DOWN, ^monitor, _, _, _} ->
        rename(device)
        linger(&send(device, &1))
    end
  end

  defp ours?(process, sink) do
    match?({:group_leader, ^sink}, Process.info(process, :group_leader))
  catch
    # A process of another node.
    :error, :badarg -> false
  end

  defp give_back({proxy, device}) do
    reference = make_ref()
    watch = Process.monitor(proxy)
    send(proxy, {:give_back, self(), reference})

    receive do
      ^reference -> Process.demonitor(watch, [:flush])
      {:DOWN, ^watch, _, _, _} -> :ok
    end

    # Only if the proxy was killed from outside.
    if Process.whereis(:standard_error) == nil, do: rename(device)
  end

  # Nothing runs between the two calls at this priority, as far as a process can
  # see to it, so a writer all but never finds the name missing.
  defp rename(process) do
    priority = Process.flag(:priority, :max)

    try do
      if Process.whereis(:standard_error), do: Process.unregister(:standard_error)
      Process.register(process, :standard_error)
    rescue
      ArgumentError -> :ok
    after
      Process.flag(:priority, priority)
    end
  end

  defp linger(handle) do
    receive do
      {:io_request, _, _, _} = message ->
        handle.(message)
        linger(handle)
    after
      @linger -> :ok
    end
  end
end
