defmodule ElixirScope.Overlay.ErasureShapesTest do
  @moduledoc """
  Each shape that a probe may have, and edits that come close to one.
  """
  use ExUnit.Case, async: true

  import ExUnit.CaptureIO

  alias ElixirScope.Overlay.Erasure

  # What is written `P.` calls the sink.
  @condition "case [] do _ when (COND) -> P.locals(4, a, b); _ -> :ok end; "
  @capture "catch scope_kind, scope_reason -> P.caught(9, scope_kind, scope_reason, __STACKTRACE__); :erlang.raise(scope_kind, scope_reason, __STACKTRACE__) "

  defp lawful() do
    [
      # Branches: in front of what is there, or all there is.
      {"case x do\n  1 ->\n    a\n    b\n  _ ->\nend",
       "case x do\n  1 ->\n    P.branch(1); a\n    b\n  _ ->\nP.branch(2) end"},
      {"cond do\n  x -> not a\n  true -> b\nend",
       "cond do\n  x -> P.branch(1); not a\n  true -> P.branch(2); b\nend"},
      {"receive do\n  x -> x\nafter 10 -> :late\nend",
       "receive do\n  x -> P.branch(1); x\nafter 10 -> P.branch(2); :late\nend"},
      {"fn\n  1 -> a\n  _ ->\nend", "fn\n  1 -> P.branch(1); a\n  _ ->\nP.branch(2) end"},
      {"if x do\n  a\nelse\n  !b\nend",
       "if x do\n  P.branch(1); a\nelse\n  P.branch(2); !b\nend"},
      {"unless x do\nend", "unless x do\nP.branch(1) end"},
      {"if x do\n  a\nend", "if x do\n  P.branch(1); a\nelse P.branch(2); P.leave(3) end"},
      {"if x do\n  a\nend", "if x do\n  P.branch(1); a\nelse P.branch(2) end"},
      {"for x <- y do\n  f(x)\nend", "for x <- y do\n  P.branch(1); f(x)\nend"},
      {"try do\n  a\nelse\n  x -> x\nafter\n  b\nend",
       "try do\n  a\nelse\n  x -> P.branch(1); x\nafter\n  P.branch(2); b\nend"},
      {"def f do\n  a\nafter\n  b\n  c\nend",
       "def f do\n  P.bind(1, (a))\nafter\n  P.branch(2); b\n  c; P.leave(3)\nend"},
      {"try do\n  a\nafter\nend", "try do\n  a\nafter\nP.branch(2) end"},
      {"def f do\n  a\nafter\nend", "def f do\n  a\nafter\nP.branch(2); P.leave(3) end"},
      # Steps of with.
      {"with {:ok, a} when a > 1 <- f(),\n     b = g(a),\n     h(b) do\n  b\nelse\n  _ -> c\nend",
       "with {:ok, a} when a > 1 <- f(), P.branch(1),\n     b = g(a), P.branch(2),\n     h(b) do\n  P.branch(3); b\nelse\n  _ -> P.branch(4); c\nend"},
      {"with a <- f(), do: a", "with a <- P.bind(1, (f())), P.branch(2), do: a"},
      # Values.
      {"x = f(y) + g(not z)",
       "x = P.bind(1, (P.bind(2, (f(y))) + P.bind(3, (g(P.bind(4, (not z)))))))"},
      {"x = if a do\n  b\nend", "x = P.bind(1, (if a do\n  P.bind(2, (b))\nend))"},
      {"x = nil", "x = P.bind(1, nil)"},
      {"f(fn x -> x end)\n:ok", "P.bind(1, (f(fn x -> P.branch(2); P.bind(3, x) end)))\n:ok"},
      # Handlers.
      {"def f do\n  a\nrescue\n  ArgumentError -> b\n  [KeyError, A.B] -> c\n  _ -> d\nend",
       "def f do\n  a\nrescue\n  scope_error in ArgumentError -> P.caught(1, :error, scope_error, __STACKTRACE__); b\n  scope_error in [KeyError, A.B] -> P.caught(2, :error, scope_error, __STACKTRACE__); c\n  scope_error in _ -> P.caught(3, :error, scope_error, __STACKTRACE__); d\nend"},
      {"try do\n  a\nrescue\n  e in KeyError ->\n    not b\n  e ->\nend",
       "try do\n  a\nrescue\n  e in KeyError ->\n    P.caught(1, :error, e, __STACKTRACE__); not b\n  e ->\nP.caught(2, :error, e, __STACKTRACE__); nil end"},
      {"try do\n  a\nrescue\n  e ->\nend",
       "try do\n  a\nrescue\n  e ->\nP.caught(2, :error, e, __STACKTRACE__); P.branch(3) end"},
      {"try do\n  a\ncatch\n  :exit, {:shutdown, _} -> b\n  kind, _ when kind != :exit -> c\n  {:t, v} ->\n    v\n    d\nend",
       "try do\n  a\ncatch\n  :exit, {:shutdown, _} = scope_arg1 -> P.caught(1, :exit, scope_arg1, __STACKTRACE__); b\n  kind, _ = scope_arg1 when kind != :exit -> P.caught(2, kind, scope_arg1, __STACKTRACE__); c\n  {:t, v} = scope_arg1 ->\n    P.caught(3, :throw, scope_arg1, __STACKTRACE__); v\n    d\nend"},
      {"def f do\n  a\ncatch\n  x, y when x in [:error] -> b\nend",
       "def f do\n  a\ncatch\n  x = scope_arg1, y when x in [:error] -> P.caught(1, x, y, __STACKTRACE__); b\nend"},
      # A whole callback.
      {"def f(x) do\n  a\n  b\nend",
       "def f(x) do\n  P.enter(1, x); a\n  b\n" <> @capture <> "end"},
      {"defp f do\nend", "defp f do\nP.enter(1); P.leave(2) " <> @capture <> "end"},
      # Variables at a place.
      {"def f(a) do\n  a\nend", "def f(a) do\n  P.locals(1, a); a\nend"},
      {"def f do\n  r = make_ref()\n  g(r)\nend",
       "def f do\n  r = make_ref(); P.locals(1, r)\n  g(r)\nend"},
      {"a\nb", "a; P.locals(1, a, b, c, d, e, f, g, h, i, j); P.locals(2)\nb"},
      {"def f(a, b) do\n  not a\nend",
       "def f(a, b) do\n  " <> condition("a > 1") <> "not a\nend"},
      # Limits of what is passed.
      {"def f(x) do\n  y = g(x)\n  y && x\nrescue\n  e -> e\nend",
       "def f(x) do\n  P.enter({1, 1, 2, 8, 0}, x); P.locals({2, 0, 0, 0, 64}, x); y = P.bind({3, 1, 2, 8, 0}, g(x))\n  P.leave_falsy({4, 1, 2, 8, 0}, y) && P.leave({5, 1, 2, 8, 0}, x)\nrescue\n  e -> P.caught({6, 1, 2, 8, 0}, :error, e, __STACKTRACE__); P.leave({7, 1, 2, 8, 0}, e)\nend"},
      {"with {:ok, a} <- f() do\n  a\nend",
       "with {:ok, a} <- f() do\n  a\nelse scope_value -> P.leave({1, 1, 2, 8, 0}, scope_value) end"}
    ]
  end

  defp unlawful() do
    [
      {"a branch last in a body", "fn x -> a end", "fn x -> a; P.branch(1) end", 1},
      {"a branch for a statement", "fn x -> a end", "fn x -> P.branch(1) end", 1},
      {"a branch with a value", "fn x -> a end", "fn x -> P.branch(1, b); a end", 1},
      {"a branch as an argument", "f(x)", "f(x, P.branch(1))", 1},
      {"a branch as a filter", "for x <- y, do: x", "for x <- y, P.branch(1), do: x", 1},
      {"a branch in front of a step", "with a <- f(), do: a", "with P.branch(1), a <- f(), do: a",
       1},
      {"a branch behind what is no step", "with a <- f(),\n  g(), do: a",
       "with a <- f(),\n  g(), P.branch(1), do: a", 2},
      {"two branches behind a step", "with a <- f(), do: a",
       "with a <- f(), P.branch(1), P.branch(2), do: a", 1},
      {"a swallowed clause of fn", "fn\n  1 -> a\n  2 -> b\nend",
       "fn\n  1 -> P.branch(1); a\n\nend", 3},
      {"a moved do:", "if x, do: a, else: b", "if P.bind(1, (x, do: a)), else: b", 1},
      {"an else where there was none", "case x do\n  1 -> a\nend",
       "case x do\n  1 -> a\nelse P.branch(1) end", 1},
      {"a bind that adds", "x = f(y)", "x = P.bind(1, (f(y) + 1))", 1},
      {"a bind that takes more", "x = a + b * c", "x = P.bind(1, (a + b)) * c", 1},
      {"a bind that drops", "a\nb", "P.bind(1, (a))\n", 1},
      {"a bind around two", "f(a, b)", "f(P.bind(1, (a); b))", 1},
      {"a bind in quote", "quote do: x", "quote do: P.bind(1, (x))", 1},
      {"caught outside of a handler", "def f(e) do\n  a\nend",
       "def f(e) do\n  P.caught(1, :error, e, __STACKTRACE__); a\nend", 2},
      {"caught in an else", "try do\n  a\nelse\n  e -> b\nend",
       "try do\n  a\nelse\n  e -> P.caught(1, :error, e, __STACKTRACE__); b\nend", 4},
      {"caught that is not first", handler("e", "b\n  c"),
       handler("e", "b\n  P.caught(1, :error, e, __STACKTRACE__); c"), 5},
      {"caught as a value", handler("e", "b"),
       handler("e", "P.caught(1, :error, e, __STACKTRACE__)"), 4},
      {"caught with a call", handler("e", "b"),
       handler("e", "P.caught(1, :error, f(e), __STACKTRACE__); b"), 4},
      {"caught of another kind", handler("e", "b"),
       handler("e", "P.caught(1, :exit, e, __STACKTRACE__); b"), 4},
      {"caught without the stack", handler("e", "b"),
       handler("e", "P.caught(1, :error, e, []); b"), 4},
      {"scope_error around a variable", handler("e", "b"), handler("scope_error in e", "b"), 4},
      {"scope_error around a named one", handler("e in A", "b"),
       handler("scope_error in (e in A)", "b"), 4},
      {"another name around an alias", handler("A", "b"), handler("error in A", "b"), 4},
      {"scope_error in what is no handler", "case x do\n  A -> b\nend",
       "case x do\n  scope_error in A -> b\nend", 2},
      {"scope_error that changes what is rescued", handler("A", "b"),
       handler("scope_error in [A, B]", "b"), 4},
      {"a named pattern of case", "case x do\n  {a} -> b\nend",
       "case x do\n  {a} = scope_arg1 -> b\nend", 2},
      {"a name in a body", "def f(y, {}) do\n  y\nend",
       "def f(y, {} = scope_arg1) do\n  y = scope_arg1\nend", 2},
      {"a capture that does more", "def f do\n  a\nend",
       "def f do\n  a\n" <> String.replace(@capture, "; :", "; b; :") <> "end", 1},
      {"a capture that raises another", "def f do\n  a\nend",
       "def f do\n  a\n" <> String.replace(@capture, "raise(scope_kind", "raise(:exit") <> "end",
       1},
      {"a capture that does not raise", "def f do\n  a\nend",
       "def f do\n  a\n" <> String.replace(@capture, ":erlang.raise", ":erlang.max") <> "end", 1},
      {"a capture of one kind", "def f do\n  a\nend",
       "def f do\n  a\n" <>
         String.replace(@capture, "catch scope_kind,", "catch :exit,") <> "end", 1},
      {"a capture with another clause", "def f do\n  a\nend",
       "def f do\n  a\n" <> String.replace(@capture, "catch ", "catch :throw, _ -> b; ") <> "end",
       1},
      {"a capture beside an after", "def f do\n  a\nafter\n  b\nend",
       "def f do\n  a\nafter\n  b\n" <> @capture <> "end", 1},
      {"a capture of a macro", "defmacro f do\n  a\nend",
       "defmacro f do\n  a\n" <> @capture <> "end", 1},
      {"a capture in a body", "def f do\n  try do\n    a\n  end\nend",
       "def f do\n  try do\n    a\n  " <> @capture <> "end\nend", 2},
      {"a probe behind a pipe", "a |> f()", "a |> P.bind(1, f())", 1},
      {"locals with a call", "a\nb", "P.locals(1, f()); a\nb", 1},
      {"locals with a literal", "a\nb", "P.locals(1, :x); a\nb", 1},
      {"locals that are last", "a\nb", "a\nb; P.locals(1, x)", 2},
      {"locals as an argument", "f(a)", "f(P.locals(1, a))", 1},
      {"eleven locals", "a\nb", "P.locals(1, a, b, c, d, e, f, g, h, i, j, k); a\nb", 1},
      {"a condition that is last", "a\nb", "a\nb; " <> String.trim_trailing(condition("a"), "; "),
       2},
      {"a condition on another value", "a\nb",
       String.replace(condition("a"), "case []", "case f()") <> "a\nb", 1},
      {"a condition that does more", "a\nb",
       String.replace(condition("a"), "-> :ok", "-> f()") <> "a\nb", 1},
      {"a condition with another probe", "a\nb",
       String.replace(condition("a"), "locals", "enter") <> "a\nb", 1},
      {"a condition with a pattern", "a\nb",
       String.replace(condition("a"), "do _", "do []") <> "a\nb", 1},
      {"a condition without a guard", "a\nb",
       String.replace(condition("a"), "when (a)", "") <> "a\nb", 1},
      {"limits that run code", "a", "P.leave({1, 1, 2, 8, f()}, a)", 1},
      {"three limits", "a", "P.leave({1, 1, 2, 8}, a)", 1},
      {"limits of nothing", "a\nb", "P.branch({1, 1, 2, 8, 0}); a\nb", 1},
      {"limits of a tail call", "f(a)", "f(P.tail({1, 1, 2, 8, 0}, a))", 1},
      {"a third clause", "a\nb",
       String.replace(condition("a"), "_ -> :ok", "_ -> :ok; _ -> :ok") <> "a\nb", 1}
    ] ++
      for condition <- [
            "f(a)",
            "a.b > 1",
            "A.b(a)",
            "a = b",
            "max(a, b) > 1",
            "a && b",
            "%{} == a",
            "send(a, b)",
            "fn -> a end",
            "is_atom(f(a))",
            "{a, f()} == b",
            "[f() | a] == b",
            "elem(a)",
            "a |> hd()"
          ] do
        {"the condition #{condition}", "a\nb", condition(condition) <> "a\nb", 1}
      end
  end

  defp condition(text), do: String.replace(@condition, "COND", text)
  defp handler(head, body), do: "try do\n  a\nrescue\n  #{head} -> #{body}\nend"
  defp probes(text, sink \\ ":scope_probe"), do: String.replace(text, "P.", sink <> ".")

  test "every shape of a probe is erased, whatever module it calls" do
    capture_io(:stderr, fn ->
      for {original, instrumented} <- lawful() do
        accepted(original, probes(instrumented))
        accepted(original, probes(instrumented, ":other"), sink: :other)
        alias_ = ~s(:"Elixir.My.Sink")
        accepted(original, probes(instrumented, alias_), sink: My.Sink)
        assert {:refused, _, _} = check(original, probes(instrumented, ":other"))
      end
    end)
  end

  test "with every detail the parser can give" do
    options = [columns: true, token_metadata: true]

    capture_io(:stderr, fn ->
      for {original, instrumented} <- lawful(),
          do: assert({:ok, _} = check(original, probes(instrumented), options))
    end)
  end

  test "no other shape is" do
    wrong =
      for {name, original, instrumented, line} <- unlawful(),
          result = check(original, probes(instrumented)),
          not match?({:refused, ^line, _}, result),
          do: {name, line, result}

    assert wrong == []
  end

  test "a condition may be any guard of Kernel" do
    for text <- [
          "a == b",
          "not a",
          "not (a in [1, :b, nil])",
          "is_nil(a) or b",
          "a in [b, {1, 2, \"c\"}]",
          "is_struct(a, My.Struct) and is_map_key(b, :k)",
          "rem(abs(-a), 2) != +1.5",
          "self() == a",
          "node(a) === node() and tuple_size({a, b}) >= length([a])",
          "hd(tl(a)) < elem(b, 0)",
          "a"
        ] do
      accepted(
        "def f(a, b) do\n  a\nend",
        probes("def f(a, b) do\n  " <> condition(text) <> "a\nend")
      )
    end
  end

  defp check(original, instrumented, options \\ []),
    do: Erasure.check(original, instrumented, "/app/lib/a.ex", options)

  defp accepted(original, instrumented, options \\ []) do
    assert {:ok, term} = check(original, instrumented, options)
    assert term == Code.string_to_quoted!(instrumented, file: "/app/lib/a.ex")
  end
end
