# 50 processes call probes while the modules of the package are loaded again, while the
# application is restarted, and while a package with another build of the library takes
# the place of this one. Arguments: the folder of that package's code, how often.
[_, other, times] = System.argv()
times = String.to_integer(times)
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))

defmodule Upgrade do
  @count 50

  def start do
    calls = :atomics.new(@count, [])
    pids = for writer <- 1..@count, do: spawn_link(fn -> write(calls, writer, 1) end)
    {calls, pids}
  end

  # The node is the writer, the argument its count.
  defp write(calls, writer, n) do
    :ok = :scope_probe.enter(writer, n)
    :atomics.put(calls, writer, n)
    Process.sleep(1)
    write(calls, writer, n + 1)
  end

  def counts({calls, _}), do: for(n <- 1..@count, do: :atomics.get(calls, n))

  @doc "A recording during `fun`, and what each writer had called before and after it."
  def record(writers, fun) do
    {:ok, run} = ElixirScope.start_recording(dir: "runs", segment_bytes: 1024 * 1024)
    before = counts(writers)
    Process.sleep(5)
    fun.()
    Process.sleep(5)
    later = counts(writers)
    stopped = ElixirScope.stop_recording()
    %{run: run, before: before, later: later, stopped: stopped, status: ElixirScope.status()}
  end

  # Twice, so that the code that ran is gone. A process in the old code would be killed.
  def reload(modules) do
    for module <- modules, _ <- 1..2 do
      :code.purge(module)
      {:module, ^module} = :code.load_file(module)
    end
  end

  def eventually(condition), do: condition.() || (Process.sleep(5) && eventually(condition))
end

{:ok, _} = Application.ensure_all_started(:elixir_scope)
{:ok, modules} = :application.get_key(:elixir_scope, :modules)
writers = Upgrade.start()
recorder = Process.whereis(ElixirScope.Recorder)

# All but the gate's own module: nothing may be lost.
again = modules -- [:scope_probe]

tell.("reloaded", Upgrade.record(writers, fn -> for _ <- 1..times, do: Upgrade.reload(again) end))

# The gate's module, too: its file has the probes that do nothing.
tell.(
  "shut",
  Upgrade.record(writers, fn ->
    Upgrade.reload(modules)
    Upgrade.eventually(&ElixirScope.Gate.on?/0)
    Process.sleep(20)
  end)
)

tell.(
  "survived",
  {recorder == Process.whereis(ElixirScope.Recorder),
   Enum.all?(elem(writers, 1), &Process.alive?/1)}
)

# The application stops and starts; what it recorded is closed.
{:ok, run} = ElixirScope.start_recording(dir: "runs")
Process.sleep(20)
:ok = Application.stop(:elixir_scope)
:ok = Application.start(:elixir_scope)
tell.("restarted", {run, ElixirScope.Gate.on?()})

# Another build: its module cannot take over what runs.
tell.(
  "upgraded",
  Upgrade.record(writers, fn ->
    true = :code.replace_path(:elixir_scope, String.to_charlist(other))
    Upgrade.reload(again)
    Upgrade.eventually(fn -> not ElixirScope.status().recording end)
  end)
)

tell.("anew", Upgrade.record(writers, fn -> Process.sleep(20) end))

{:ok, maps} = File.read("/proc/self/maps")
tell.("mapped", for(line <- String.split(maps, "\n"), line =~ "runs/", do: line))
