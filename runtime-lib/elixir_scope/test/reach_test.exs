Code.require_file("support/mix_case.exs", __DIR__)

defmodule ElixirScope.ReachTest do
  # What gets probes, with the real command: dependencies, umbrellas, plans, sinks.
  use ElixirScope.Test.MixCase

  alias ElixirScope.Overlay.Command
  alias ElixirScope.Test.MixCase

  setup do
    {:ok, command} = Command.find()
    {:ok, command: command}
  end

  # A Mix project; `extra` is what its `project/0` has beside the usual.
  defp project(folder, name, deps, extra) do
    write(folder, "mix.exs", """
    defmodule #{Macro.camelize(name)}.MixProject do
      use Mix.Project
      def project, do: [app: :#{name}, version: "3.2.1", deps: #{deps}] ++ #{extra}
    end
    """)
  end

  defp scoped(settings \\ []),
    do: "[compilers: [:elixir_scope] ++ Mix.compilers(), elixir_scope: #{inspect(settings)}]"

  defp scope, do: "{:elixir_scope, path: #{inspect(MixCase.package())}, runtime: false}"

  defp beams(context, name) do
    for beam <- Path.wildcard(Path.join(context.app, "_build/dev/lib/#{name}/ebin/*")),
        into: %{},
        do: {Path.basename(beam), {File.read!(beam), File.stat!(beam).mtime}}
  end

  describe "dependencies" do
    setup context do
      deps = "[#{scope()}, {:fetched, path: \"deps/fetched\"}, {:own, path: \"../own\"}]"
      write_app = &project(context.app, "demo", deps, scoped(&1))
      write_app.([])
      write(context.app, "lib/demo.ex", "defmodule Demo do\n  def f, do: Fetched.about()\nend\n")
      fetched = Path.join(context.app, "deps/fetched")
      project(fetched, "fetched", "[]", "[elixirc_options: [docs: false]]")

      write(fetched, "lib/fetched.ex", """
      defmodule Fetched do
        @version Mix.Project.config()[:version]
        @env Mix.env()
        def about, do: {@version, @env, Path.basename(__DIR__)}
      end
      """)

      own = Path.join(context.root, "own")
      project(own, "own", "[]", "[]")
      write(own, "lib/own.ex", "defmodule Own do\n  def f, do: 1\nend\n")
      {:ok, write_app: write_app, own: own}
    end

    @all [Demo, Fetched, Own]

    test "get probes on request, and their builds stay as they are", context do
      about = {"3.2.1", :prod, "lib"}
      assert where(context, @all) == [:probes, :clean, :clean]
      assert run!(context, "Demo.f()") == about
      clean = {beams(context, "fetched"), beams(context, "own")}

      context.write_app.(deps: [:fetched, :own])
      refute mix!(context, ["compile"]) =~ "warning"
      assert where(context, @all) == [:probes, :probes, :probes]
      assert run!(context, "Demo.f()") == about
      assert {beams(context, "fetched"), beams(context, "own")} == clean
      map = "_build/dev/elixir_scope/demo/deps/fetched/src/deps/fetched/lib/fetched.ex"
      assert File.exists?(Path.join(context.app, map))

      # What Mix compiles anew is instrumented anew.
      edit(context.own, "lib/own.ex", "do: 1", "do: 2")
      assert run!(context, "Own.f()") == 2
      assert where(context, @all) == [:probes, :probes, :probes]

      # All that were fetched; what is in the way of `own` is gone.
      context.write_app.(deps: :all)
      assert where(context, @all) == [:probes, :probes, :clean]
      assert File.ls!(Path.join(context.app, "_build/dev/elixir_scope/demo/deps")) == ["fetched"]
      context.write_app.([])
      assert where(context, @all) == [:probes, :clean, :clean]
      assert beams(context, "fetched") == elem(clean, 0)
    end

    test "are called deps/NAME in plans, exclusions and messages", context do
      write(context.app, "scope.toml", """
      [[points]]
      file = "deps/own/lib/own.ex"
      line = 9
      capture = ["x"]
      """)

      context.write_app.(deps: [:own, :fetched], exclude: ["deps/fetched"], plan: "scope.toml")
      output = mix!(context, ["compile"])
      assert output =~ "warning: scope.toml:1: nothing is captured at deps/own/lib/own.ex:9: "
      assert where(context, @all) == [:probes, :clean, :probes]
      context.write_app.(deps: [:owm])
      assert {output, 1} = mix(context, ["compile"])
      assert output =~ "names :owm, which is no dependency, did you mean :own?"
    end
  end

  test "an umbrella's suites run with probes, from the root and from one application", context do
    write(context.app, "mix.exs", """
    defmodule Umbrella.MixProject do
      use Mix.Project
      def project, do: [apps_path: "apps", deps: []]
    end
    """)

    shared = """
    [build_path: "../../_build", deps_path: "../../deps", lockfile: "../../mix.lock"]
    """

    for {name, deps} <- [
          {"one", "[#{scope()}]"},
          {"two", "[#{scope()}, {:one, in_umbrella: true}]"}
        ] do
      folder = Path.join(context.app, "apps/#{name}")
      module = Macro.camelize(name)
      project(folder, name, deps, "#{scoped()} ++ #{shared}")
      call = if name == "two", do: "One.twice(x)", else: "x + x"

      write(
        folder,
        "lib/#{name}.ex",
        "defmodule #{module} do\n  def twice(x), do: #{call}\nend\n"
      )

      write(folder, "test/test_helper.exs", "ExUnit.start()")

      write(folder, "test/#{name}_test.exs", """
      defmodule #{module}Test do
        use ExUnit.Case

        test "both run with probes" do
          assert #{module}.twice(2) == 4
          for module <- #{if name == "two", do: "[One, Two]", else: "[One]"},
              do: assert(to_string(:code.which(module)) =~ "/overlay/")
        end
      end
      """)
    end

    output = mix!(context, ["test"], [{"MIX_ENV", "test"}])
    assert length(String.split(output, "1 test, 0 failures")) == 3, output
    inner = %{context | app: Path.join(context.app, "apps/two")}
    assert mix!(inner, ["test"], [{"MIX_ENV", "test"}]) =~ "1 test, 0 failures"
  end

  test "plans, strategies, and modules that opt out", context do
    project(context.app, "demo", "[#{scope()}]", scoped(plan: "scope.toml"))
    write(context.app, "lib/demo.ex", "defmodule Demo do\n  def f(x), do: x\nend\n")

    write(context.app, "lib/quiet.ex", """
    defmodule Quiet do
      @compile {:elixir_scope, false}
      def f(x), do: x
    end
    """)

    write(context.app, "scope.toml", "strategie = \"full\"\n")
    output = mix!(context, ["compile"])
    assert output =~ "goes on without probes: error: scope.toml:1: unknown key `strategie`, did"
    assert where(context, [Demo]) == [:clean]

    write(context.app, "scope.toml", "[[rules]]\nfunctions = \"Dmo\"\nstrategy = \"full\"\n")
    output = mix!(context, ["compile"])

    assert output =~
             "warning: scope.toml:1: no function of the project is named by `Dmo`, did you"

    refute output =~ "quiet.ex"
    refute mix!(context, ["compile"]) =~ "warning"
    assert where(context, [Demo, Quiet]) == [:probes, :clean]

    strength = fn env ->
      mix!(context, ["compile"], env)
      plan = File.read!(Path.join(context.app, "_build/dev/elixir_scope/demo/plan.json"))
      [_, strength] = Regex.run(~r/"strength": "(\w+)"/, plan)
      strength
    end

    assert strength.([]) == "boundaries"
    assert strength.([{"ELIXIRSCOPE_STRATEGY", "full"}]) == "values"
  end

  test "limits of a plan, and others after an edit of it", context do
    project(context.app, "demo", "[#{scope()}]", scoped(plan: "scope.toml"))

    write(
      context.app,
      "lib/demo.ex",
      "defmodule Demo do\n  def f(x), do: x\n  def g(x), do: x\nend\n"
    )

    recorded = fn function, limit ->
      rule = "[[rules]]\nfunctions = \"Demo.#{function}\"\nstrategy = \"minimal\"\n#{limit}\n"
      write(context.app, "scope.toml", rule)

      run!(context, """
      {:ok, _} = ElixirScope.start_recording(dir: "runs")
      Demo.f([1, [2], "three"])
      Demo.g([1, [2], "three"])
      {:ok, calls} = ElixirScope.events(pid: self())
      for call <- calls, do: call.result
      """)
    end

    whole = ~S([1, [2], "three"])
    assert recorded.("f", "depth = 1") == [~S<[1, …(list), "three"]>, whole]
    assert recorded.("g", "items = 1") == [whole, "[1, …]"]
    assert recorded.("g", "depth = 1") == [whole, ~S<[1, …(list), "three"]>]
  end

  test "a sink of one's own, as the documentation shows it", context do
    [_, sink] =
      MixCase.package()
      |> Path.join("README.md")
      |> File.read!()
      |> then(&Regex.run(~r/```elixir\n(defmodule PrintSink.*?)```/s, &1))

    project(context.app, "demo", "[#{scope()}]", scoped(probe_module: PrintSink, strategy: :full))
    write(context.app, "lib/print_sink.ex", sink)

    write(context.app, "lib/demo.ex", """
    defmodule Demo do
      def area(a, b) do
        if a, do: send(self(), a)
        {:ok, a * b}
      rescue
        ArithmeticError -> :none
      end
    end
    """)

    output = mix!(context, ["run", "-e", "{:ok, 6} = Demo.area(2, 3); :none = Demo.area(nil, 3)"])
    refute output =~ "warning"
    assert output =~ ~r/^enter \d+: \[2, 3\]$/m
    assert output =~ ~r/^leave \d+: \[ok: 6\]$/m
    assert output =~ ~r/^branch \d+: \[\]$/m
    assert output =~ ~r/^caught \d+: \[:error, /m
    assert where(context, [Demo, PrintSink]) == [:probes, :clean]
  end
end
