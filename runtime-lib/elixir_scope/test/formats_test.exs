for file <- ~w(segments node_map capture_case json terms),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.FormatsTest do
  @moduledoc """
  Two readers of one recording: the command, and one that was written from the tables of
  `runtime-lib/wire` alone (`support/segments.exs`, `support/node_map.exs`).
  """
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Overlay.{Command, Erasure}
  alias ElixirScope.Test.{Json, NodeMap, Segments, Terms}

  @source """
  defmodule FormatsSample do
    def pair(first, [second | _] = _rest), do: {first, second}
    def last(value), do: pair(value, [:last])
    def same(value), do: value
  end
  """
  @wide [depth: 32, items: 127, binary_bytes: 65_536, payload_bytes: 32_768]

  setup %{dir: dir} do
    file = Path.join(dir, "lib/sample.ex")
    File.mkdir_p!(Path.dirname(file))
    File.write!(file, @source)
    File.write!(Path.join(dir, "mix.exs"), "")
    out = Path.join(dir, "out")
    {:ok, _} = Command.instrument(dir, out, :formats, ["--path", "lib"], dir)
    {:ok, term} = Erasure.check(@source, File.read!(Path.join(out, "src/lib/sample.ex")), file)
    [{module, _}] = Code.compile_quoted(term, file)

    on_exit(fn ->
      :code.purge(FormatsSample)
      :code.delete(FormatsSample)
    end)

    {:ok, module: module, maps: [Path.join(out, "nodes.esmap")]}
  end

  test "a reader made of the tables reads what the command reads", context do
    :rand.seed(:exsss, ExUnit.configuration()[:seed])
    options = [dir: context.dir, maps: context.maps, trace: [:processes], segment_bytes: 65_536]
    {:ok, run} = ElixirScope.start_recording(options ++ @wide)
    terms = plain() ++ Enum.filter(Terms.generated(300), &plain?/1)
    Enum.each(terms, &context.module.same/1)
    for n <- 1..500, do: context.module.last({n, "text", self()})
    {_, monitor} = spawn_monitor(fn -> context.module.pair(:other, [self()]) end)
    receive do: ({:DOWN, ^monitor, _, _, _} -> :ok)
    :ok = ElixirScope.stop_recording()
    assert %{lost_events: 0, panics: 0, failure: nil} = ElixirScope.status()

    assert Enum.all?(Segments.segments(run), &(&1.summed == byte_size(&1.data)))
    stats = command(["stats", run])
    assert stats["findings"] == []

    kinds =
      for %{"name" => name, "count" => count} <- stats["kinds"], into: %{}, do: {name, count}

    assert kinds == Map.new(Segments.kinds(run), fn {kind, n} -> {to_string(kind), n} end)

    report = command(["show", run, "--limit", "100000"])
    assert report["findings"] == []
    frames = for frame <- report["frames"], do: by_command(frame)
    assert length(frames) > 1000
    assert Enum.sort(frames) == Enum.sort(by_tables(run, context.maps))
  end

  test "golden files of every version are read" do
    golden = Path.expand("../../wire/tests/golden", __DIR__)
    versions = Path.wildcard(Path.join(golden, "*/flight"))
    assert length(versions) > 1

    for run <- versions do
      assert map_size(Segments.kinds(run)) > 20
      events = Segments.events(run)
      assert Enum.any?(events, &(&1.terms == ["größe"])) and Enum.any?(events, & &1.omitted?)
      assert run |> Path.join("nodes-golden.esmap") |> NodeMap.read() |> map_size() == 10
    end
  end

  # What the VM shows as `inspect/1` does, by both.
  defp plain do
    [0, -1, 64, 2 ** 63 - 1, -(2 ** 63), 2 ** 70, 1.5, -0.0, :ok, nil, :größe, "größe", ""] ++
      [<<1, 255>>, {}, {1, {:a}}, [], [1, 2], %{a: 1, b: "c"}, self(), String.duplicate("é", 400)]
  end

  # A process of another node is shown by a number that this VM gave the node.
  defp plain?(term) when is_pid(term), do: node(term) == node()
  # Newer versions of Elixir escape the space at which no line ends.
  defp plain?(term) when is_binary(term), do: not String.contains?(term, "\u00A0")
  defp plain?(term), do: is_number(term) or is_atom(term)

  defp by_command(frame) do
    place = Map.take(frame, ["function", "file", "line", "pid", "start_ns"])
    {place, Enum.map(frame["args"], &{&1["name"], &1["value"]})}
  end

  defp by_tables(run, [map]) do
    nodes = NodeMap.read(map)
    clock = Segments.clock(run)

    for %{kind: :enter} = event <- Segments.events(run) do
      node = Map.fetch!(nodes, event.node)
      assert node.kind == :clause and node.parent == nil

      place = %{
        "function" => node.function,
        "file" => node.file,
        "line" => node.line,
        "pid" => inspect(event.pid),
        "start_ns" => clock.(event.ticks)
      }

      {place, arguments(String.split(node.label, <<0x1F>>), event.terms)}
    end
  end

  defp arguments(["s" <> name | rest], terms), do: [{name, nil} | arguments(rest, terms)]

  defp arguments(["w" <> name | rest], [term | terms]),
    do: [{name, text(term)} | arguments(rest, terms)]

  defp arguments([], []), do: []

  defp text(term),
    do: inspect(term, limit: :infinity, printable_limit: :infinity, charlists: :as_lists)

  defp command(arguments) do
    {:ok, command} = Command.find()
    {text, 0} = System.cmd(command, ["trace" | arguments] ++ ["--format", "json"])
    Json.decode!(text)
  end
end
