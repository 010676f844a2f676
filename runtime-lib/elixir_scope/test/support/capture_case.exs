defmodule ElixirScope.Test.CaptureCase do
  @moduledoc """
  A test with a folder `dir` of its own, at whose end nothing is recorded or observed.
  """
  use ExUnit.CaseTemplate

  alias ElixirScope.Test.Segments

  using do
    quote do
      import ElixirScope.Test.CaptureCase
    end
  end

  setup do
    unique = System.unique_integer([:positive])
    dir = Path.join(System.tmp_dir!(), "escope-capture-#{System.pid()}-#{unique}")
    File.mkdir_p!(dir)

    on_exit(fn ->
      ElixirScope.stop_recording()
      for pid <- observed(), do: Process.exit(pid, :kill)
      File.rm_rf!(dir)
    end)

    {:ok, dir: dir}
  end

  defp observed do
    if Process.whereis(ElixirScope.TimeTravel),
      do: Map.keys(:sys.get_state(ElixirScope.TimeTravel).watched),
      else: []
  end

  @doc "Runs `fun` while recording; gives the events."
  def record(dir, options \\ [], fun) do
    {:ok, run} = ElixirScope.start_recording([dir: dir] ++ options)
    fun.()
    assert ElixirScope.stop_recording() == :ok
    assert %{lost_events: 0, panics: 0, failure: nil} = ElixirScope.status()
    Segments.events(run)
  end

  @doc "No recording begins with these options, and the error says why."
  def assert_refused(dir, options, why) do
    start = fn -> ElixirScope.start_recording([dir: dir] ++ options) end
    assert assert_raise(ArgumentError, start).message =~ why
  end

  @doc "The events that the calling process wrote."
  def own(events), do: Enum.filter(events, &(&1.pid == self() and &1.kind != :exit))

  @doc "For what other processes do in a moment."
  def eventually(condition, attempts \\ 500) do
    cond do
      condition.() -> :ok
      attempts == 0 -> flunk("does not become true")
      true -> Process.sleep(10) && eventually(condition, attempts - 1)
    end
  end

  @doc "What run.json says, as text."
  def run_json(run), do: File.read!(Path.join(run, "run.json"))

  @doc "Bytes of all files of a recording."
  def files_bytes(run) do
    Enum.sum(for file <- File.ls!(run), do: File.stat!(Path.join(run, file)).size)
  end

  @doc "Segments in `dir` that this VM maps."
  def mapped(dir) do
    case File.read("/proc/self/maps") do
      {:ok, maps} -> for line <- String.split(maps, "\n"), line =~ dir, do: line
      {:error, :enoent} -> []
    end
  end
end
