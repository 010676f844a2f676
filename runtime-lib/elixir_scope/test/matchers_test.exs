defmodule ElixirScope.MatchersTest do
  use ExUnit.Case, async: true

  import ElixirScope.Matchers
  import ExUnit.CaptureIO
  require Integer

  doctest ElixirScope.Matchers

  defmodule Item do
    defstruct [:price, count: 1]
  end

  # The same clauses as a match specification and as a function.
  defmacrop both(fun) do
    plain =
      Macro.prewalk(fun, fn
        {:message, _, [term]} -> term
        {:^, _, [outside]} = pinned -> if in_guard?(outside), do: outside, else: pinned
        other -> other
      end)

    quote do: {match_spec(unquote(fun)), unquote(plain)}
  end

  # Elixir's guards take what is outside without a pin.
  defp in_guard?({name, _, _}), do: String.starts_with?(Atom.to_string(name), "outer")

  defp check({spec, fun}, calls) do
    for arguments <- calls do
      assert {arguments, by_spec(spec, arguments)} == {arguments, by_function(fun, arguments)}
    end
  end

  defp by_spec(spec, arguments) do
    assert {:ok, result, [], []} = :erlang.match_spec_test(arguments, spec, :trace)
    result
  end

  # What fits no clause is `false`, as the VM says it.
  defp by_function(fun, arguments) do
    apply(fun, arguments)
  rescue
    FunctionClauseError -> false
  end

  test "heads" do
    check(both(fn a, b -> message({a, b}) end), [[1, 2], [:a, %{}], [:"$1", :_]])
    check(both(fn a, a -> message([a]) end), [[1, 1], [1, 2], [1, 1.0], [{1}, {1}]])

    check(both(fn _, {:ok, [h | t]} -> message({h, t}) end), [
      [1, {:ok, [1, 2]}],
      [1, {:ok, []}],
      [1, :ok]
    ])

    check(both(fn {a, b, 1.5}, "text" -> message(%{a => b}) end), [
      [{1, 2, 1.5}, "text"],
      [{1, 2, 1.4}, "text"]
    ])

    check(both(fn :_, :"$1" -> message({:"$1", :_}) end), [[:_, :"$1"], [:a, :b], [1, 2]])
    check(both(fn -1, [a: x] -> message(x) end), [[-1, [a: 3]], [1, [a: 3]], [-1, [b: 3]]])
    check(both(fn {} = all, [] -> message(all) end), [[{}, []], [{1}, []]])
  end

  test "maps and structs have further keys" do
    maps = both(fn %{a: x, b: %{c: [x, {:y, z} | _]}} -> message({x, z}) end)
    within = fn x, list -> [%{a: x, b: %{c: list, d: 1}, e: 2}] end

    check(maps, [
      within.(1, [1, {:y, 2}]),
      within.(1, [2, {:y, 2}]),
      within.(1, [1]),
      within.(1, [1, {:y, 2}, 3])
    ])

    check(maps, [[%{}], [%{a: 1, b: 2}], [3], [within.(1, 7)]])

    check(both(fn %Item{price: p} = item -> message({p, item.count}) end), [
      [%Item{price: 3}],
      [%{price: 3}],
      [1]
    ])

    check(both(fn %name{price: _} -> message(name) end), [
      [%Item{}],
      [%{price: 1}],
      [%{__struct__: 1, price: 1}]
    ])

    check(both(fn {:ok, %{}} = all, all -> message(all) end), [
      [{:ok, %{}}, {:ok, %{}}],
      [{:ok, %{}}, 1]
    ])

    check(both(fn %{a: [_ | _]} -> message(1) end), [[%{a: []}], [%{a: [1]}], [%{a: 1}]])
  end

  defguard is_small(n) when is_integer(n) and n in 0..9

  @limit 5

  test "guards" do
    numbers = for n <- [0, 3, -7, 10, 2.5, :atom, {1, 2}, {}, "text", [1], nil, true], do: [n]
    check(both(fn n when n > 2 and n <= 10 -> message(n) end), numbers)
    check(both(fn n when not is_number(n) or rem(n, 2) == 0 -> message(n) end), numbers)
    check(both(fn n when n in [3, :atom, nil] -> message(n) end), numbers)
    check(both(fn n when n not in 1..5 -> message(n) end), numbers)
    check(both(fn n when is_small(n) -> message(n + 1) end), numbers)
    check(both(fn n when Integer.is_odd(n) -> message(n) end), numbers)
    check(both(fn n when tuple_size(n) > 1 when hd(n) == 1 -> message({n}) end), numbers)
    check(both(fn n when elem(n, 1) == 2 -> message(elem(n, 0)) end), numbers)
    check(both(fn n when is_nil(n) or is_boolean(n) -> message({n}) end), numbers)
    check(both(fn n when byte_size(n) == 4 -> message({n}) end), numbers)
    check(both(fn n when n == @limit - 2 or n === 2.5 -> message(n) end), numbers)
    check(both(fn n when abs(n) != 3 and n / 2 > 1 -> message(-n) end), numbers)

    check(both(fn n when is_struct(n, Item) or map_size(n) == 0 -> message({n}) end), [
      [%Item{}],
      [%{}],
      [1]
    ])

    check(both(fn m, k when is_map_key(m, k) -> message(k) end), [
      [%{a: 1}, :a],
      [%{a: 1}, :b],
      [1, 2]
    ])
  end

  test "values from outside" do
    {outer, pinned} = {:"$1", {:_, 2}}

    check(both(fn ^pinned, n when n != ^outer -> message(n) end), [
      [{:_, 2}, 1],
      [{:_, 2}, :"$1"],
      [{1, 2}, 1]
    ])
  end

  test "the first clause that fits decides, and what it does" do
    spec =
      match_spec(fn
        1 ->
          skip()

        n when n < 3 ->
          message(n)
          return_trace()
          silent(true)

        _ ->
          :ok
      end)

    assert [
             {[1], [], [{:message, false}]},
             {_, _, [_, {:return_trace}, {:silent, true}]},
             {[:_], [], []}
           ] = spec

    assert {:ok, false, [], _} = :erlang.match_spec_test([1], spec, :trace)
    assert {:ok, 2, _, _} = :erlang.match_spec_test([2], spec, :trace)
    assert {:ok, true, [], _} = :erlang.match_spec_test([3], spec, :trace)
  end

  # What `code` says when it is compiled, and in which line.
  defp refused(code) do
    error =
      assert_raise CompileError, fn ->
        Code.eval_string("import ElixirScope.Matchers\n" <> code, [], file: "m.exs")
      end

    {error.file, error.line, error.description}
  end

  test "what cannot be expressed is an error with its place" do
    for {code, part} <- [
          {"match_spec(fn\n a when a > 1 -> String.length(a) end)", "names actions"},
          {"match_spec(fn\n a when\n map_size(a) > b -> :ok end)", "^b takes one from outside"},
          {~S|match_spec(fn "a" <> rest -> message(rest) end)|, "take a binary apart"},
          {"match_spec(fn <<a, _::binary>> -> message(a) end)", "take a binary apart"},
          {"match_spec(fn a -> message(String.length(a)) end)", "cannot call String.length(a)"},
          {"match_spec(fn a -> message(fn -> a end) end)", "cannot call fn -> a end"},
          {"match_spec(fn a when floor(a) == 1 -> :ok end)", "cannot call floor(a)"},
          {"match_spec([])", "takes an anonymous function"}
        ] do
      {file, line, text} = refused(code)
      assert Path.basename(file) == "m.exs" and line in 2..4
      assert text =~ part
    end
  end

  # Random clauses with random arguments, of which many fit.
  @tag timeout: 300_000
  test "random clauses are what Elixir makes of them" do
    :rand.seed(:exsss, {1, 2, String.to_integer(System.get_env("MATCHERS_SEED", "3"))})
    for _ <- 1..String.to_integer(System.get_env("MATCHERS_ROUNDS", "150")), do: random_case()
  end

  defp random_case do
    heads = for _ <- 1..:rand.uniform(3), do: for(_ <- 1..2, do: pattern(2))
    source = "fn\n" <> Enum.map_join(heads, "\n", &clause/1) <> "\nend"
    plain = String.replace(source, "message", "")
    code = "import ElixirScope.Matchers\n{match_spec(#{source}), #{plain}}"

    # From 1.18 on, a variable must not stand for a part of itself.
    if is_elixir?(plain) do
      # Elixir warns of names that are not used.
      {{{spec, fun}, _}, _} = with_io(:stderr, fn -> Code.eval_string(code) end)

      for _ <- 1..40 do
        arguments = if coin(), do: Enum.map(one(heads), &fitting/1), else: [value(3), value(3)]

        assert {source, arguments, by_spec(spec, arguments)} ==
                 {source, arguments, by_function(fun, arguments)}
      end
    end
  end

  defp is_elixir?(source) do
    {is_elixir?, _} =
      with_io(:stderr, fn ->
        try do
          match?({_, _}, Code.eval_string(source))
        rescue
          error in CompileError -> Version.match?(System.version(), "< 1.18.0") && raise error
        end
      end)

    is_elixir?
  end

  defp clause(patterns) do
    names = variables(patterns)
    guard = if coin(), do: " when " <> expression(3, names), else: ""

    "#{Enum.map_join(patterns, ", ", &text/1)}#{guard} -> message({#{Enum.join(["1" | names], ", ")}})"
  end

  # What the pattern may fit; all variables are of few values.
  defp fitting({:literal, value}), do: value
  defp fitting({:tuple, elements}), do: List.to_tuple(Enum.map(elements, &fitting/1))
  defp fitting({:list, elements, nil}), do: Enum.map(elements, &fitting/1)

  defp fitting({:list, elements, tail}),
    do: Enum.reduce(elements, fitting(tail), &[fitting(&1) | &2])

  defp fitting({:map, pairs}), do: Map.new(pairs, fn {key, value} -> {key, fitting(value)} end)
  defp fitting({:match, _, pattern}), do: fitting(pattern)
  defp fitting(_), do: one([1, :x, {1, 2}, [1], %{x: 1}])

  defp coin, do: :rand.uniform(2) == 1
  defp one(list), do: Enum.random(list)

  defp pattern(0), do: one([{:var, one(~w(a b c))}, :any, {:literal, leaf()}])

  defp pattern(depth) do
    case :rand.uniform(8) do
      1 ->
        {:tuple, for(_ <- 1..:rand.uniform(3), do: pattern(depth - 1))}

      2 ->
        {:list, for(_ <- 1..:rand.uniform(2), do: pattern(depth - 1)), one([nil, pattern(0)])}

      n when n in 3..4 ->
        {:map,
         for(key <- Enum.take_random([:x, :y], :rand.uniform(2)), do: {key, pattern(depth - 1)})}

      5 ->
        {:match, {:var, one(~w(a b c))}, pattern(depth - 1)}

      _ ->
        pattern(0)
    end
  end

  defp leaf, do: one([0, 1, 2, 1.0, :x, :y, true, nil, "t", []])

  defp value(0), do: leaf()

  defp value(depth) do
    case :rand.uniform(7) do
      1 ->
        List.to_tuple(for _ <- 1..:rand.uniform(3), do: value(depth - 1))

      2 ->
        for _ <- 1..:rand.uniform(3), do: value(depth - 1)

      n when n in 3..4 ->
        Map.new(Enum.take_random([:x, :y, :z], :rand.uniform(3)), &{&1, value(depth - 1)})

      _ ->
        leaf()
    end
  end

  defp text({:var, name}), do: name
  defp text(:any), do: "_"
  defp text({:literal, value}), do: inspect(value)
  defp text({:tuple, elements}), do: "{#{Enum.map_join(elements, ", ", &text/1)}}"
  defp text({:list, elements, nil}), do: "[#{Enum.map_join(elements, ", ", &text/1)}]"

  defp text({:list, elements, tail}),
    do: "[#{Enum.map_join(elements, ", ", &text/1)} | #{text(tail)}]"

  defp text({:map, pairs}),
    do: "%{#{Enum.map_join(pairs, ", ", fn {key, value} -> "#{key}: #{text(value)}" end)}}"

  defp text({:match, left, right}), do: "#{text(left)} = #{text(right)}"

  defp variables(patterns) when is_list(patterns),
    do: patterns |> Enum.flat_map(&variables/1) |> Enum.uniq()

  defp variables({:var, name}), do: [name]
  defp variables({:tuple, elements}), do: variables(elements)
  defp variables({:list, elements, tail}), do: variables(elements ++ List.wrap(tail))
  defp variables({:map, pairs}), do: variables(Keyword.values(pairs))
  defp variables({:match, left, right}), do: variables([left, right])
  defp variables(_), do: []

  # A guard that may be true, false, or fail.
  defp expression(0, variables), do: one(variables ++ [inspect(leaf())])

  defp expression(depth, variables) do
    [left, right] = for _ <- 1..2, do: expression(depth - 1, variables)

    case :rand.uniform(7) do
      1 ->
        "(#{left} and #{right})"

      2 ->
        "(#{left} or #{right})"

      3 ->
        "not (#{left})"

      4 ->
        "#{one(~w(is_atom is_integer is_number is_list is_map is_tuple is_nil is_boolean))}(#{left})"

      5 ->
        "(#{one(~w(hd tl length map_size tuple_size abs))}(#{left}) #{one(~w(== < >))} #{right})"

      6 ->
        "(elem(#{left}, #{one([0, 1])}) == #{right})"

      7 ->
        "(#{left} #{one(~w(== != === !== < > <= >=))} #{right})"
    end
  end
end
