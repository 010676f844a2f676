for file <- ~w(segments terms mix_case capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.LimitsTest do
  @moduledoc """
  Limits of single sites: what a plan says of a function's values, and not of others'.
  """
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Overlay.{Command, Erasure}
  alias ElixirScope.Test.{CompactTerm.Cut, Segments}

  @nested {[1, 2, 3], {{:deep}}, "123456789"}
  @limits [depth: 20, items: 50, binary_bytes: 100, payload_bytes: 1000]

  defp terms(events, kind), do: for(%{kind: ^kind} = event <- own(events), do: event.terms)

  describe "a probe with limits of its own" do
    test "cuts its values, and others keep the recording's", %{dir: dir} do
      events =
        record(dir, @limits, fn ->
          assert :scope_probe.enter({7, 1, 2, 8, 0}, @nested) == :ok
          assert :scope_probe.leave(8, @nested) == @nested
          assert :scope_probe.leave({9, 0, 0, 8, 0}, @nested) == @nested
          assert :scope_probe.bind({10, 0, 127, 0, 64}, Enum.to_list(1..100)) |> length() == 100
        end)

      assert [entered, left, cut, omitted] = own(events)
      assert Enum.map(own(events), & &1.node) == [7, 8, 9, 10]
      kept = [%Cut{kind: :opaque_list, size: 0}, %Cut{kind: :opaque_tuple, size: 1}]
      assert entered.terms == [%Cut{kind: :tuple, size: 3, kept: kept}]
      assert left.terms == [@nested]
      assert cut.terms == [put_elem(@nested, 2, %Cut{kind: :binary, size: 9, kept: "12345678"})]
      assert {omitted.omitted?, omitted.terms} == {true, []}
      assert ElixirScope.status().truncated == 3
    end

    test "may have more than the recording, in the smallest segments too", %{dir: dir} do
      long = String.duplicate("x", 32_000)
      options = [segment_bytes: 1, depth: 1, binary_bytes: 8, payload_bytes: 64]

      events =
        record(dir, options, fn ->
          for n <- 1..20 do
            :scope_probe.enter({n, 32, 0, 65_536, 32_768}, {{long}})
            # Segments are made beside the program.
            Process.sleep(5)
          end

          :scope_probe.enter({21, 2 ** 59 - 1, 0, 65_536, 2 ** 59 - 1}, {{long}})
          :scope_probe.enter(22, {{long}})
        end)

      {whole, [last]} = events |> own() |> Enum.split(21)
      assert Enum.map(whole, & &1.terms) == List.duplicate([{{long}}], 21)
      assert last.terms == [{%Cut{kind: :opaque_tuple, size: 1}}]
    end

    test "of a secret, or at a level without values, writes none", %{dir: dir} do
      events =
        record(dir, fn ->
          :scope_probe.leave({2 ** 59 + 7, 1, 2, 8, 0}, "pin")
          ElixirScope.Native.set_detail(:branches, :test)
          :scope_probe.leave({7, 1, 2, 8, 0}, "pin")
          ElixirScope.Native.set_detail(:off, :test)
          :scope_probe.leave({7, 1, 2, 8, 0}, "pin")
        end)

      assert [[%Cut{kind: :secret}], []] = terms(events, :leave)
      assert for(%{kind: :leave} = event <- own(events), do: event.node) == [7, 7]
    end
  end

  describe "a plan's limits" do
    @source """
    defmodule Limited.Blob do
      def store(blob, _key), do: Enum.count(blob)
      def fetch(blob), do: blob
    end
    """

    setup %{dir: dir} do
      app = Path.join(dir, "app")
      path = Path.join(app, "lib/blob.ex")
      File.mkdir_p!(Path.dirname(path))
      File.write!(path, @source)
      File.write!(Path.join(app, "mix.exs"), "")
      on_exit(fn -> :code.purge(Limited.Blob) && :code.delete(Limited.Blob) end)
      {:ok, app: app, path: path}
    end

    # Loads the module as this plan has it; gives the node map.
    defp load(%{app: app, path: path}, plan) do
      File.write!(Path.join(app, "scope.toml"), plan)
      out = Path.join(app, "out")
      arguments = ["--path", "lib", "--plan", "scope.toml"]
      {:ok, _} = Command.instrument(app, out, :limited, arguments, app)
      {:ok, term} = Erasure.check(@source, File.read!(Path.join(out, "src/lib/blob.ex")), path)
      ExUnit.CaptureIO.capture_io(:stderr, fn -> Code.compile_quoted(term, path) end)
      Path.join(out, "nodes.esmap")
    end

    defp rule(function, limits) do
      lines = for {key, value} <- limits, do: "#{key} = #{value}\n"
      "[[rules]]\nfunctions = \"Limited.Blob.#{function}\"\nstrategy = \"minimal\"\n#{lines}\n"
    end

    defp use_it do
      apply(Limited.Blob, :store, [[[1], "123456789", 3], :key])
      apply(Limited.Blob, :fetch, [[[1], "123456789", 3]])
    end

    @whole [[1], "123456789", 3]
    @list %Cut{kind: :opaque_list, size: 0}
    @binary %Cut{kind: :binary, size: 9, kept: "12345678"}
    @cut %Cut{kind: :list, kept: [@list, @binary]}
    @shallow [@list, "123456789", 3]

    test "are of its functions, and change with their code", %{dir: dir} = context do
      map = load(context, rule("store", depth: 1, items: 2, binary_bytes: 8))

      events =
        record(dir, [maps: [map]] ++ @limits, fn ->
          use_it()
          load(context, rule("fetch", depth: 1))
          use_it()
          load(context, "")
          use_it()
        end)

      entered = [[@cut, :key], [@whole], [@whole, :key], [@shallow], [@whole, :key], [@whole]]
      assert terms(events, :enter) == entered
      assert terms(events, :leave) == [[3], [@whole], [3], [@shallow], [3], [@whole]]
    end

    test "give way to what a trace asks for, one by one", %{dir: dir} = context do
      map = load(context, rule("store", depth: 1, items: 2, binary_bytes: 8))
      {:ok, run} = ElixirScope.start_recording([dir: dir, maps: [map]] ++ @limits)

      for limits <- [[], [depth: 5], [items: 3, binary_bytes: 4]] do
        {:ok, ref} = ElixirScope.trace({Limited.Blob, :store, 2}, limits)
        use_it()
        ElixirScope.stop_trace(ref)
      end

      {:ok, _} = ElixirScope.trace(Limited.Blob, depth: 1)
      use_it()
      ElixirScope.stop_recording()
      entered = run |> Segments.events() |> terms(:enter)
      deep = %Cut{kind: :list, kept: [[1], @binary]}
      wide = [@list, %{@binary | kept: "1234"}, 3]
      assert entered == [[@cut, :key], [deep, :key], [wide, :key], [@cut, :key], [@shallow]]
    end
  end
end
