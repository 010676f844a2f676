for file <- ~w(segments capture_case canaries),
    do: Code.require_file("support/#{file}.exs", __DIR__)

defmodule ElixirScope.RedactionTest do
  # There is one recording in a VM, and the whole VM's probes are switched.
  use ElixirScope.Test.CaptureCase, async: false

  alias ElixirScope.Redaction
  alias ElixirScope.Test.{Canaries, CompactTerm.Cut, Segments}

  doctest ElixirScope.Redaction

  @secret %Cut{kind: :secret, size: 0}

  # The one term of the event that `term` gives.
  defp recorded(dir, options \\ [], term) do
    [%{terms: [term], truncated?: false}] =
      own(record(dir, options, fn -> :scope_probe.bind(1, term) end))

    term
  end

  test "of a site that is secret nothing is kept, whatever it is", %{dir: dir} do
    site = 2 ** 59 + 7

    pass = fn ->
      for term <- [7, -(2 ** 40), :pin, nil, [], self(), 1.5, "1234", {:ok, 1}, %{a: 1}] do
        :scope_probe.bind(site, term)
      end

      :scope_probe.enter(site, 1, :pin)
    end

    events = own(record(dir, [], pass))
    assert [%{terms: [@secret, @secret]} | bound] = Enum.reverse(events)
    assert length(bound) == 10
    for event <- bound, do: assert(%{node: 7, terms: [@secret]} = event)
  end

  describe "terms" do
    test "values under a secret's name are left out, and nothing else", %{dir: dir} do
      term = %{
        "Authorization" => "Bearer x",
        "x-api-key" => 1,
        :user => {:password, %{a: 1}},
        :headers => [{"cookie", "x"}, {"accept", "*/*"}],
        :options => [token: "x", tokens: ["x"], token_count: 1],
        :nested => [[%{1 => %{client_secret: ~c"x"}}]],
        :words => %{1 => 2, 3 => 4, :password => 1234, :user => :me, [] => "x", "y" => 6},
        {:a, :password} => "x",
        {:password, "x"} => 1,
        %{ssn: 1} => [{:secret, 1, 2}, {:secret}, [:secret, 1], {1, :secret}]
      }

      assert recorded(dir, term) == %{
               "Authorization" => @secret,
               "x-api-key" => @secret,
               :user => {:password, @secret},
               :headers => [{"cookie", @secret}, {"accept", "*/*"}],
               :options => [token: @secret, tokens: ["x"], token_count: 1],
               :nested => [[%{1 => %{client_secret: @secret}}]],
               :words => %{
                 1 => 2,
                 3 => 4,
                 :password => @secret,
                 :user => :me,
                 [] => "x",
                 "y" => 6
               },
               {:a, :password} => "x",
               {:password, @secret} => 1,
               %{ssn: @secret} => [{:secret, 1, 2}, {:secret}, [:secret, 1], {1, :secret}]
             }
    end

    test "large maps, and names that are parts of binaries", %{dir: dir} do
      <<name::binary-size(8), _::binary>> = String.duplicate("passwords", 20)
      term = for n <- 1..60, into: %{name => "x"}, do: {n, [{name, n}]}
      assert recorded(dir, [], term)[name] == @secret
      assert recorded(dir, [], term)[60] == [{name, @secret}]
    end

    test "texts that were judged before", %{dir: dir} do
      plain = for n <- 1..150, do: "field_#{n}_#{String.duplicate("x", rem(n, 33))}"
      secret = for n <- 1..150, do: "field_password_#{n}"
      term = for {a, b} <- Enum.zip(plain, secret), do: {{a, 1}, {b, 2}}
      hidden = for {a, b} <- Enum.zip(plain, secret), do: {{a, 1}, {b, @secret}}
      wide = [items: 127, payload_bytes: 32_768]

      pass = fn ->
        for part <- Enum.chunk_every(term ++ term, 100), do: :scope_probe.bind(1, part)
      end

      events = own(record(dir, wide, pass))
      assert Enum.flat_map(events, fn %{terms: [part]} -> part end) == hidden ++ hidden
    end

    test "the names are the recording's", %{dir: dir} do
      term = [pin: 1, password: 2]
      assert recorded(dir, [redact: false], term) == term
      assert recorded(dir, [redact: true], term) == [pin: 1, password: @secret]
      assert recorded(dir, [redact: [:pin]], term) == [pin: @secret, password: @secret]
      assert recorded(dir, [redact: [only: ["P-I*"]]], term) == [pin: @secret, password: 2]
    end

    test "a limit that cuts does not uncover", %{dir: dir} do
      stack = [{:mod, :fun, ["x", "y"], [file: ~c"a.ex", line: 1]}]
      events = record(dir, [items: 3], fn -> :scope_probe.bind(1, stack) end)
      [%{terms: [[frame]]}] = own(events)
      assert %Cut{kind: :tuple, size: 4, kept: [:mod, :fun, [@secret, @secret]]} = frame
    end

    test "arguments of calls that failed", %{dir: dir} do
      place = [file: ~c"a.ex", line: 1]
      stack = [{M, :f, ["x", 2], place}, {M, :g, 2, place}, {M, :h, ["x"], []}, {M, :i, [], []}]
      hidden = [{M, :f, [@secret, @secret], place}, {M, :g, 2, place}]
      hidden = hidden ++ [{M, :h, [@secret], []}, {M, :i, [], []}]
      assert recorded(dir, stack) == hidden

      reason = {{:timeout, {GenServer, :call, [self(), "x"]}}, %{args: ["x"], term: [1]}}

      [event] = own(record(dir, fn -> :scope_probe.caught(1, :exit, reason, stack) end))

      shown = {{:timeout, {GenServer, :call, [@secret, @secret]}}, %{args: [@secret], term: [1]}}
      assert event.terms == [:exit, shown, hidden]
      # Elsewhere such a tuple need not be a call.
      assert recorded(dir, reason) == reason
    end
  end

  describe "canaries" do
    test "none reaches a file, in whatever shape it comes", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir)
      Canaries.pass_all()
      ElixirScope.stop_recording()
      assert Canaries.found(run) == []
      # The program was recorded.
      kinds = run |> Segments.events() |> Enum.map(& &1.kind)
      assert Enum.all?([:enter, :leave, :bind, :locals, :caught, :exit], &(&1 in kinds))
    end

    test "each of them does, when nothing is a secret", %{dir: dir} do
      {:ok, run} = ElixirScope.start_recording(dir: dir, redact: false)
      Canaries.pass_all()
      ElixirScope.stop_recording()
      assert Canaries.found(run) == Canaries.all()
    end
  end

  test "settings are checked, with a suggestion", %{dir: dir} do
    assert {:error, reason} = Redaction.check(onyl: [:a])
    assert reason =~ "did you mean :only?"
    assert {:error, reason} = Redaction.check([1])
    assert reason =~ "has 1: an atom or a text is a name"
    assert {:error, "has \"a*b\": " <> _} = Redaction.check(["a*b"])
    assert {:error, "has :*: " <> _} = Redaction.check([:*])

    for {options, message} <- [
          {[redact: ["a*b"]], ~r/:redact has "a\*b"/},
          {[redcat: true], ~r/did you mean :redact\?/}
        ] do
      assert_raise ArgumentError, message, fn ->
        ElixirScope.start_recording([dir: dir] ++ options)
      end
    end

    project = &[elixir_scope: [redact: &1]]
    assert {:ok, %{redact: [:pin]}} = ElixirScope.Config.read(project.([:pin]), :dev, %{})
    assert {:error, reason} = ElixirScope.Config.read(project.(:pin), :dev, %{})
    assert reason =~ ":redact in elixir_scope of mix.exs" and reason =~ "did you mean [:pin]?"
  end

  test "what several applications say adds up" do
    assert Redaction.all([]) == true
    assert Redaction.all([false, false]) == false
    assert Redaction.all([false, true]) == true
    assert Redaction.all([false, [only: [:a]]]) == [only: ["a"]]
    assert Redaction.all([[:a], [only: [:b, :a]]]) == ["a", "b"]
  end
end
