defmodule ElixirScope.Overlay.ErasureTest do
  use ExUnit.Case, async: true

  alias ElixirScope.Overlay.Erasure

  defp check(original, instrumented, options \\ []),
    do: Erasure.check(original, instrumented, "/app/lib/a.ex", options)

  defp accepted(original, instrumented) do
    assert {:ok, term} = check(original, instrumented)
    assert term == Code.string_to_quoted!(instrumented, file: "/app/lib/a.ex")
  end

  defp refused(original, instrumented, line) do
    assert {:refused, ^line, message} = check(original, instrumented)
    message
  end

  describe "probes that are erased" do
    for {name, original, instrumented} <- [
          {"a wrapped value", "def f(x), do: x + 1",
           "def f(x), do: :scope_probe.leave(2, (x + 1))"},
          {"entry and exit", "def f(x) do\n  x\nend",
           "def f(x) do\n  :scope_probe.enter(1, x); :scope_probe.leave(2, (x))\nend"},
          {"several statements", "def f do\n  a()\n  b()\nend",
           "def f do\n  :scope_probe.enter(1); a()\n  :scope_probe.leave(2, (b()))\nend"},
          {"a tail call's last argument", "def f(x), do: f(x - 1)",
           "def f(x), do: f(:scope_probe.tail(3, x - 1))"},
          {"a keyword list as last argument", "g(1, a: 2)", "g(1, :scope_probe.tail(3, [a: 2]))"},
          {"a tail call without arguments", "def f do\n  g()\nend",
           "def f do\n  :scope_probe.tail(3); g()\nend"},
          {"branches", "case x do\n  1 -> a\n  _ -> b\nend",
           "case x do\n  1 -> :scope_probe.branch(4); a\n  _ -> :scope_probe.branch(5); b\nend"},
          {"a binding", "x = f(y)", "x = :scope_probe.bind(6, (f(y)))"},
          {"a call without parentheses", "x = f y", "x = :scope_probe.bind(6, (f y))"},
          {"boolean operands", "a && b || c",
           ":scope_probe.leave_falsy(7, (a)) && :scope_probe.leave_truthy(8, (b)) || c"},
          {"nested wrappers", "f(g(x))",
           ":scope_probe.leave(1, (f(:scope_probe.bind(2, (g(x))))))"},
          {"a rescue clause", "try do\n  a\nrescue\n  e -> b(e)\nend",
           "try do\n  a\nrescue\n  e -> :scope_probe.caught(9, :error, e, __STACKTRACE__); b(e)\nend"},
          {"an argument's pattern", "def f(%{a: a}, 1), do: a",
           "def f(%{a: a} = scope_arg0, 1), do: a"},
          {"a missing else of if", "if x do\n  a\nend",
           "if x do\n  a\nelse :scope_probe.leave(1) end"},
          {"a missing else of with", "with {:ok, a} <- f() do\n  a\nend",
           "with {:ok, a} <- f() do\n  a\nelse scope_value -> :scope_probe.leave(1, scope_value) end"},
          {"a lone not", "def f(x) do\n  not x\nend",
           "def f(x) do\n  :scope_probe.enter(1); :scope_probe.leave(2, not x)\nend"},
          {"a lone ! behind an entry", "def f(x) do\n  !x\nend",
           "def f(x) do\n  :scope_probe.enter(1); !x\nend"},
          {"an empty body", "def f do\nend",
           "def f do\n:scope_probe.enter(1); :scope_probe.leave(2) end"},
          {"an empty body with nil", "def f do\nend",
           "def f do\n:scope_probe.enter(1); :scope_probe.leave(2, nil) end"},
          {"unquote_splicing", "def f do\n  unquote_splicing(x)\nend",
           "def f do\n  :scope_probe.enter(1); unquote_splicing(x)\nend"}
        ] do
      test name do
        accepted(unquote(original), unquote(instrumented))
      end
    end

    test "columns may differ, with every detail the parser can give" do
      options = [columns: true, token_metadata: true]
      original = "def f(x) do\n  g(x)\nend"
      assert {:ok, _} = check(original, "def f(x) do\n  g(:scope_probe.tail(1, x))\nend", options)
    end
  end

  describe "edits that are refused" do
    for {name, original, instrumented, line} <- [
          {"a probe inside an identifier", "def f do\n  total\nend",
           "def f do\n  to:scope_probe.branch(1); tal\nend", 2},
          {"a moved do:", "def f(x), do: x", "def f(x, do: x)", 1},
          {"a swallowed clause", "case x do\n  1 -> a\n  2 -> b\nend",
           "case x do\n  1 -> :scope_probe.branch(1); a\n\nend", 3},
          {"a changed literal", "x = 1\ny = 10", "x = 1\ny = :scope_probe.bind(1, (100))", 2},
          {"a float for an integer", "x = 1", "x = :scope_probe.bind(1, (1.0))", 1},
          {"a dropped statement", "def f do\n  a()\n  b()\nend",
           "def f do\n  :scope_probe.enter(1)\n  b()\nend", 2},
          {"a statement too many", "def f do\n  a()\nend", "def f do\n  a()\n  b()\nend", 2},
          {"a shifted line", "a()\nb()\nc()", "a()\n\nb()\nc()", 2},
          {"swapped operands", "a - b", ":scope_probe.leave(1, (b - a))", 1},
          {"a changed operator", "a +b", "a + b", 1},
          {"a string for an atom", ":a", ":scope_probe.leave(1, (\"a\"))", 1},
          {"a probe as the last statement", "def f do\n  a()\nend",
           "def f do\n  a(); :scope_probe.branch(1)\nend", 2},
          {"a captured call", "def f do\n  a()\nend",
           "def f do\n  :scope_probe.enter(1, boom()); a()\nend", 2},
          {"an id that is no integer", "a()", ":scope_probe.leave(boom(), (a()))", 1},
          {"a probe that is not known", "a()", ":scope_probe.shout(1, (a()))", 1},
          {"an else for something that is no if", "my_if x do\n  a\nend",
           "my_if x do\n  a\nelse :scope_probe.leave(1) end", 1},
          {"an else of with that changes the value", "with a <- f() do\n  a\nend",
           "with a <- f() do\n  a\nelse scope_value -> :scope_probe.leave(1, nil) end", 1},
          {"a capture under another name", "def f(%{a: a}), do: a",
           "def f(%{a: a} = other), do: a", 1},
          {"precedence", "a * b + c", ":scope_probe.leave(1, a * (b + c))", 1}
        ] do
      test name do
        refused(unquote(original), unquote(instrumented), unquote(line))
      end
    end

    test "text that does not parse" do
      assert refused("a()", "a(", 1) =~ "the instrumented text does not parse"
    end

    test "originals that use our names" do
      for original <- [
            ":scope_probe.leave(1, 2)",
            "scope_arg1 = 2",
            "scope_value",
            "scope_error",
            "scope_kind + 1",
            "f(scope_reason)",
            "[:scope_probe]"
          ] do
        assert refused("a()\n" <> original, "a()\n" <> original, line(original)) =~ "reserved"
      end

      accepted("# scope_probe\n\"scope_arg1\"", "# scope_probe\n\"scope_arg1\"")
    end

    defp line("[:scope_probe]"), do: 1
    defp line(_), do: 2

    test "the message shows both sides" do
      message = refused("x = 1\ny = 10", "x = 1\ny = :scope_probe.bind(1, (100))", 2)
      assert message =~ "expected `y = 10`"
      assert message =~ "found `y = 100`"
    end
  end

  # Every change of one token in a text with all the probes is refused, or makes
  # no difference that Elixir's parser can see.
  test "no edit of one character is accepted with another meaning" do
    original = """
    defmodule A do
      def f(%{a: a}, b) do
        c = g(a)
        if c > 1 do
          -c
        end
        case b do
          0 -> :zero
          n when n > 10 -> f(%{a: 1}, n - 1)
        end
      end

      def g(x) do
        y = make_ref()
        with {:ok, z} <- h(x, y), do: z
      rescue
        KeyError -> x
      catch
        {:t, t} -> t
      end

      def h(x, y) do
        x && y
      end
    end
    """

    instrumented = """
    defmodule A do
      def f(%{a: a} = scope_arg0, b) do :scope_probe.enter(1, scope_arg0, b);
        c = :scope_probe.bind(2, (g(a)))
        if c > 1 do
          -c
        else :scope_probe.leave(3) end
        case b do
          0 -> :scope_probe.branch(4); :scope_probe.leave(5, (:zero))
          n when n > 10 -> f(%{a: 1}, :scope_probe.tail(6, n - 1))
        end
      end

      def g(x) do :scope_probe.enter(7, x);
        y = make_ref(); :scope_probe.locals(8, x, y)
        with {:ok, z} <- :scope_probe.bind(9, (h(x, y))), :scope_probe.branch(10), do: z
      rescue
        scope_error in KeyError -> :scope_probe.caught(11, :error, scope_error, __STACKTRACE__); x
      catch
        {:t, t} = scope_arg1 -> :scope_probe.caught(12, :throw, scope_arg1, __STACKTRACE__); t
      end

      def h(x, y) do :scope_probe.enter(13, x, y);
        case [] do _ when (x == y) -> :scope_probe.locals(14, x); _ -> :ok end; x && y
      catch scope_kind, scope_reason -> :scope_probe.caught(15, scope_kind, scope_reason, __STACKTRACE__); :erlang.raise(scope_kind, scope_reason, __STACKTRACE__) end
    end
    """

    accepted(original, instrumented)
    clean = Code.string_to_quoted!(original)

    # The parser warns about some of them.
    ExUnit.CaptureIO.capture_io(:stderr, fn ->
      accepted =
        for edited <- edits(instrumented), {:ok, term} <- [check(original, edited)], do: term

      assert Enum.all?(accepted, &(meaning(&1) == meaning(clean)))
      send(self(), {:accepted, length(accepted)})
    end)

    # Blanks and digits of ids: not nothing, and far from everything.
    assert_received {:accepted, accepted}
    assert accepted in 50..1000
  end

  defp edits(text) do
    for at <- 0..(byte_size(text) - 1), replacement <- ["", "x", "0", " ", "\n", "(", ".", ";"] do
      <<before::binary-size(at), _, rest::binary>> = text
      before <> replacement <> rest
    end
  end

  # What Erasure.erase/1 leaves, printed: a second way to compare.
  defp meaning(term) do
    term
    |> Erasure.erase()
    |> Macro.prewalk(fn
      {:__block__, _, [{:-, _, [_]} = only]} -> only
      {form, _, arguments} -> {form, [], arguments}
      other -> other
    end)
    |> Macro.to_string()
  end
end
