for file <- ~w(segments vm writers capture_case),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.RetentionTest do
  # There is one recording in a VM.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Test.{Segments, VM, Writers}

  @most 4_000_000
  @flight [keep: :newest, max_bytes: @most, segment_bytes: 128 * 1024]

  # Bytes of segments that this VM maps.
  defp mapped_bytes(dir) do
    for line <- mapped(dir), [range | _] = String.split(line) do
      [from, to] = for end_ <- String.split(range, "-"), do: String.to_integer(end_, 16)
      to - from
    end
    |> Enum.sum()
  end

  # Not faster than a busy machine recycles segments: nothing may be lost.
  defp write(from, to) do
    for n <- from..to do
      :scope_probe.enter(1, n, :an_atom_of_the_beginning)
      if rem(n, 500) == 0, do: Process.sleep(1)
    end
  end

  defp numbers(run), do: for(%{kind: :enter} = event <- Segments.newest(run), do: hd(event.terms))

  describe "a flight recorder" do
    test "has the newest events without a gap, in flat memory and disk", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording([dir: dir] ++ @flight)

      for round <- 0..4 do
        write(round * 60_000 + 1, (round + 1) * 60_000)
        assert %{failure: nil, recording: true, lost_events: 0} = status = ElixirScope.status()
        assert status.disk_bytes <= @most
        assert files_bytes(run) <= @most + 10_000
        assert mapped_bytes(dir) <= @most
      end

      :ok = ElixirScope.stop_recording()
      status = ElixirScope.status()
      assert status.bytes > 2.5 * @most and status.recycled_bytes > status.bytes - @most
      numbers = numbers(run)
      assert numbers == Enum.to_list(hd(numbers)..300_000)
      # Half of what is allowed stands ready at most.
      assert length(numbers) * 40 > @most / 2 - 2 * 128 * 1024

      assert [:an_atom_of_the_beginning] =
               run |> Segments.events() |> List.last() |> Map.get(:terms) |> tl()

      assert run_json(run) =~ ~s("keep":"newest")
    end

    @tag timeout: 120_000
    test "is not filled by the names of processes that are gone", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, keep: :newest, max_bytes: 2_000_000)
      parent = self()

      for n <- 1..30_000 do
        :proc_lib.spawn(fn ->
          :scope_probe.enter(1, n, :an_atom_of_the_beginning)
          # The recorder has named this process when it answers.
          ElixirScope.Recorder.last()
          send(parent, n)
        end)

        assert_receive ^n
        # The helper thread needs a core now and then. Where it gets none, names are lost.
        if rem(n, 50) == 0, do: Process.sleep(1)
      end

      :ok = ElixirScope.stop_recording()
      assert %{failure: nil, events: 60_000} = ElixirScope.status()
      assert files_bytes(run) <= 2_010_000

      assert [_, :an_atom_of_the_beginning] =
               List.last(for %{kind: :enter} = e <- Segments.events(run), do: e).terms

      assert List.last(numbers(run)) == 30_000
    end

    test "remembers nothing of processes without names that are gone", %{dir: dir} do
      {:ok, _} = ElixirScope.start_recording([dir: dir] ++ @flight)
      exits = fn -> ElixirScope.health().events end

      for _ <- 1..500, do: spawn(fn -> :scope_probe.enter(1, :unnamed) end)
      # Their ends were noted too.
      eventually(fn -> exits.() == 1000 end)
      :proc_lib.spawn(fn -> :scope_probe.enter(1, :named) && Process.sleep(50) end)
      eventually(fn -> ElixirScope.health().remembered == 1 end)
    end

    test "removes what is too old though there is room", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording([dir: dir, max_age: 20] ++ @flight)
      write(1, 20_000)
      eventually(fn -> ElixirScope.status().recycled_bytes > 0 end)
      # What is left is in the segments that no thread has filled.
      few = 128 * 1024 * :erlang.system_info(:schedulers)
      left = fn status -> status.bytes - status.recycled_bytes end
      eventually(fn -> left.(ElixirScope.status()) <= few end)
      :ok = ElixirScope.stop_recording()
      assert List.last(numbers(run)) == 20_000
    end

    for enough <- [200, 20_000, 60_000] do
      @tag timeout: 120_000
      test "killed after #{enough} events has the last acknowledged ones", %{dir: dir} do
        vm = VM.start("acknowledge", ["newest"], dir)
        run = VM.value(vm, "run")
        lines = VM.until(vm, &(&1 == "ack 1 #{unquote(enough)}"))
        VM.signal(vm, "KILL")
        {more, _} = VM.rest(vm)
        assert %{1 => last} = Writers.check_acknowledged!(run, lines ++ more, :newest)
        assert last >= unquote(enough)
        assert files_bytes(run) <= 1_010_000
      end
    end
  end

  describe "old recordings" do
    defp recorded(dir, options \\ []) do
      {:ok, run} = ElixirScope.start_recording([dir: dir] ++ options)
      :ok = ElixirScope.stop_recording()
      # Their names have the second in which they began.
      to = Path.join(dir, "20000101-00000#{length(File.ls!(dir))}-abcdef")
      File.rename!(run, to)
      to
    end

    test "go when there are too many, the oldest first", %{dir: dir} do
      [first, second, third] = for _ <- 1..3, do: recorded(dir)
      File.write!(Path.join(second, "notes.txt"), "mine")
      foreign = Path.join(dir, "foreign")
      File.mkdir_p!(foreign)
      {:ok, run} = ElixirScope.start_recording(dir: dir, runs: [keep: 2])

      assert Enum.sort(File.ls!(dir)) ==
               Enum.sort(Enum.map([second, third, run, foreign], &Path.basename/1))

      assert File.ls!(second) == ["notes.txt"]
      refute File.exists?(first)
    end

    test "go when they have too many bytes", %{dir: dir} do
      [first, second] = for _ <- 1..2, do: recorded(dir)
      {:ok, _} = ElixirScope.start_recording(dir: dir, runs: [max_bytes: files_bytes(second)])
      assert File.exists?(second) and not File.exists?(first)
    end

    test "stay while they are written, whoever does", %{dir: dir} do
      vm = VM.start("acknowledge", [], dir)
      run = VM.value(vm, "run")
      runs = Path.join(dir, "runs")
      {:ok, _} = ElixirScope.start_recording(dir: runs, runs: [keep: 1])
      assert File.exists?(run)
      :ok = ElixirScope.stop_recording()
      VM.signal(vm, "KILL")
      VM.rest(vm)
      {:ok, last} = ElixirScope.start_recording(dir: runs, runs: [keep: 1])
      assert File.ls!(runs) == [Path.basename(last)]
    end
  end

  test "options that are wrong are named", %{dir: dir} do
    refused = [
      {[keep: :newst], ":keep must be :all or :newest, got: :newst, did you mean :newest?"},
      {[keeps: :all], "unknown options [:keeps], did you mean :keep?"},
      {[max_age: 5], ":max_age needs keep: :newest"},
      {[keep: :newest, max_age: 0], ":max_age must be a positive number of milliseconds"},
      {[max_bytes: 0], ":max_bytes must be a positive integer"},
      {[runs: 5], ":runs must be a keyword list"},
      {[runs: [kep: 5]], "unknown key :kep in :runs, did you mean :keep?"},
      {[runs: [keep: 0]], ":keep in :runs must be a positive integer or :infinity"}
    ]

    for {options, message} <- refused, do: assert_refused(dir, options, message)
  end
end
