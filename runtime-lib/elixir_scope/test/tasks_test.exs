Code.require_file("support/mix_case.exs", __DIR__)

defmodule ElixirScope.TasksTest do
  # The tasks of a real project, with the real command.
  use ElixirScope.Test.MixCase

  @package ElixirScope.Test.MixCase.package()

  setup context do
    {:ok, command} = ElixirScope.Overlay.Command.find()
    write(context.app, "lib/demo.ex", "defmodule Demo do\n  def twice(n), do: n * 2\nend\n")
    project(context, "[:elixir_scope] ++ Mix.compilers()")
    {:ok, command: command}
  end

  defp project(context, compilers) do
    write(context.app, "mix.exs", """
    defmodule Demo.MixProject do
      use Mix.Project

      def project do
        [
          app: :demo,
          version: "1.0.0",
          compilers: #{compilers},
          deps: [{:elixir_scope, path: #{inspect(@package)}, runtime: false}]
        ]
      end
    end
    """)
  end

  test "record, then trace", context do
    recorded = mix!(context, ~w(elixir_scope.record run -e) ++ ["IO.puts(Demo.twice(21))"])
    assert recorded =~ "42\n"
    assert recorded =~ "recorded in .elixir_scope/runs/"
    assert mix!(context, ["elixir_scope.trace"]) =~ "Demo.twice(21) → 42"
    assert mix!(context, ["elixir_scope.trace", "ls"]) =~ "finished"

    glance = mix!(context, ["elixir_scope.analyze", "last", "--top", "1"])
    assert glance =~ ~r/^demo .*\nfinished, /m and glance =~ ~r/Hottest .*\n.* Demo.twice\/1\n/
    assert Enum.all?(String.split(glance, "\n"), &(String.length(&1) <= 80))

    assert {output, 3} = mix(context, ~w(elixir_scope.record -- sh -c) ++ ["exit 3"])
    assert output =~ "nothing was recorded; see `mix elixir_scope.doctor`"
  end

  test "wrong use says what is right", context do
    assert {output, 1} = mix(context, ["elixir_scope.record"])
    assert output =~ "there is nothing to run; usage: mix elixir_scope.record"
    assert {output, 1} = mix(context, ~w(elixir_scope.record --strateg full test))
    assert output =~ "unknown or incomplete option --strateg"
    assert {output, 1} = mix(context, ~w(elixir_scope.record -- no-such-command))
    assert output =~ "there is no command no-such-command"
    assert {output, 1} = mix(context, ~w(elixir_scope.doctor now))
    assert output =~ "takes no arguments, got: now"

    assert {output, 1} = mix(context, ~w(elixir_scope.analyze --topp 3))
    assert output =~ "unknown or wrong option --topp; usage: mix elixir_scope.analyze"
    assert {output, 1} = mix(context, ~w(elixir_scope.analyze no-such-run))
    assert output =~ "cannot read"

    for task <- ~w(record doctor analyze) do
      assert mix!(context, ["elixir_scope." <> task, "--help"]) =~ "mix elixir_scope.#{task}"
    end

    assert mix!(context, ~w(elixir_scope.trace --help)) =~ "Show the calls of a run"
  end

  test "the doctor finds a healthy project well, and names what is wrong", context do
    mix!(context, ["compile"])
    healthy = mix!(context, ["elixir_scope.doctor"])
    assert healthy =~ "capture library: it loads"
    assert healthy =~ "overlay: 1 modules with probes"
    refute healthy =~ "warning"

    project(context, "Mix.compilers() ++ [:elixir_scope]")
    assert {output, 1} = mix(context, ["elixir_scope.doctor"])
    assert output =~ "error   compilers: put :elixir_scope before :elixir"

    assert {output, 1} =
             mix(context, ["elixir_scope.doctor"], [{"ELIXIRSCOPE_BIN", "/nowhere/es"}])

    assert output =~ "error   command: ELIXIRSCOPE_BIN names /nowhere/es"
  end
end
