Code.require_file("support/mix_case.exs", __DIR__)

defmodule ElixirScope.MixStepTest do
  # Real Mix projects, real `mix` processes. The instrumenter is a stand-in that
  # knows one probe, so that each case says exactly what is in the text; the last
  # test runs the real command where it has been built.
  use ElixirScope.Test.MixCase

  @package ElixirScope.Test.MixCase.package()

  @stand_in ~S"""
  #!/bin/sh
  # instrument ROOT --out OUT …
  root=$2; out=$4
  cd "$root" || exit 2
  if [ -f .fail ]; then cat .fail >&2; exit 2; fi
  echo run >> .runs
  rm -rf "$out/src"; mkdir -p "$out/src"
  echo map > "$out/nodes.esmap"
  {
    echo '{report, 1}.'
    echo '{node_map, <<"nodes.esmap">>, <<"00">>}.'
    find lib -name '*.ex' | sort | while read -r file; do
      mkdir -p "$out/src/$(dirname "$file")"
      sed -E \
        -e 's/^( +def .*\)) do$/\1 do :scope_probe.enter(1);/' \
        -e 's/^( +def .*\)) do # broken$/\1 do :scope_probe.enter(1, nowhere); # broken/' \
        -e 's/41 # lie$/:scope_probe.bind(1, (42)) # lie/' \
        "$file" > "$out/src/$file"
      before=$(sha256sum < "$file" | cut -c1-64)
      after=$(sha256sum < "$out/src/$file" | cut -c1-64)
      if [ "$before" = "$after" ]; then
        rm "$out/src/$file"
        echo "{file, <<\"$file\"/utf8>>, clean, <<\"$before\">>, <<>>, 0}."
      else
        echo "{file, <<\"$file\"/utf8>>, instrumented, <<\"$before\">>, <<\"$after\">>, 1}."
      fi
    done
    if [ -f .say ]; then cat .say; fi
  } > "$out/report.term"
  """

  @calc """
  defmodule Demo.Calc do
    def add(a, b) do
      a + b
    end

    def boom(x) do
      raise "boom " <> x
    end

    def env() do
      {__ENV__.file, __ENV__.line, __DIR__}
    end
  end

  defmodule Demo.Plain do
    defmacro twice(x), do: quote(do: 2 * unquote(x))
  end
  """

  @shapes """
  defprotocol Demo.Area do
    @doc "The area."
    def of(shape)
  end

  defmodule Demo.Square do
    defstruct [:side]

    def new(side) do
      %__MODULE__{side: side}
    end
  end

  defimpl Demo.Area, for: Demo.Square do
    def of(square) do
      square.side * square.side
    end
  end
  """

  @user """
  defmodule Demo.User do
    require Demo.Plain
    IO.puts("compiling Demo.User")

    def four(_) do
      unused = 1
      Demo.Plain.twice(2)
    end
  end
  """

  @lie """
  defmodule Demo.Lie do
    def f(x) do
      x + 41 # lie
    end
  end
  """

  @broken """
  defmodule Demo.Early do
    def f(x) do
      x
    end
  end

  defmodule Demo.Broken do
    def f(x) do # broken
      x
    end
  end
  """

  setup %{root: root} do
    write(root, "bin/stand_in", @stand_in)
    File.chmod!(Path.join(root, "bin/stand_in"), 0o755)
    {:ok, command: Path.join(root, "bin/stand_in")}
  end

  defp demo(app, extra \\ "") do
    write(app, "mix.exs", """
    defmodule Demo.MixProject do
      use Mix.Project

      def project do
        [app: :demo, version: "0.1.0", deps: deps(), compilers: [:elixir_scope] ++ Mix.compilers()#{extra}]
      end

      defp deps, do: [{:elixir_scope, path: #{inspect(@package)}, runtime: false}]
    end
    """)

    write(app, "lib/calc.ex", @calc)
    write(app, "lib/shapes.ex", @shapes)
    write(app, "lib/user.ex", @user)
  end

  defp overlay(context, env \\ "dev") do
    case File.ls(Path.join(context.app, "_build/#{env}/elixir_scope/demo/overlay")) do
      {:ok, names} -> names |> Enum.map(&Path.rootname/1) |> Enum.sort()
      {:error, :enoent} -> []
    end
  end

  @probed ~w(Elixir.Demo.Area.Demo.Square Elixir.Demo.Calc Elixir.Demo.Square Elixir.Demo.User)
  @all [
    Demo.Calc,
    Demo.Plain,
    Demo.Area,
    Demo.Area.Demo.Square,
    Demo.Square,
    Demo.User
  ]

  test "an application from the first build to the last", context do
    demo(context.app)

    # Everything is said once: warnings, and what a module's body prints.
    output = mix!(context, ["compile"])
    assert length(String.split(output, "variable \"unused\" is unused")) == 2, output
    assert length(String.split(output, "compiling Demo.User")) == 2, output
    refute output =~ "redefining"
    refute output =~ "consolidated"
    assert overlay(context) == @probed

    # Probes where there are some, clean code elsewhere, and the same answers.
    assert where(context, @all) == [:probes, :clean, :clean, :probes, :probes, :probes]
    assert run!(context, "Protocol.consolidated?(Demo.Area)")
    assert run!(context, "Demo.Area.of(Demo.Square.new(Demo.User.four(1)))") == 16
    file = Path.join(context.app, "lib/calc.ex")
    assert run!(context, "Demo.Calc.env()") == {file, 11, Path.dirname(file)}

    trace = """
    try do Demo.Calc.boom("x") rescue _ -> __STACKTRACE__ |> hd() |> elem(3) |> Keyword.take([:file, :line]) end
    """

    assert run!(context, trace) == [file: ~c"lib/calc.ex", line: 7]

    assert run!(context, trace, [{"ELIXIRSCOPE_ENABLED", "0"}]) == [
             file: ~c"lib/calc.ex",
             line: 7
           ]

    # Nothing to do is nothing to say; newer versions of Mix repeat old warnings.
    silent = mix!(context, ["compile"], [{"ELIXIRSCOPE_ENABLED", "0"}])
    assert mix!(context, ["compile"]) == silent
    graph = mix!(context, ["xref", "graph"])
    assert graph == mix!(context, ["xref", "graph"], [{"ELIXIRSCOPE_ENABLED", "0"}])

    # Off: nothing is rebuilt, nothing is loaded. On again: nothing either.
    off = [{"ELIXIRSCOPE_ENABLED", "0"}]
    refute mix!(context, ["compile"], off) =~ "Compiling"
    assert where(context, @all, off) == List.duplicate(:clean, 6)
    beam = Path.join(context.app, "_build/dev/elixir_scope/demo/overlay/Elixir.Demo.Calc.beam")
    before = {File.stat!(beam), File.read!(beam)}
    refute mix!(context, ["compile"]) =~ "Compiling"
    assert {File.stat!(beam), File.read!(beam)} == before

    # An edit, here of a macro another file uses: both are compiled anew.
    edit(context.app, "lib/calc.ex", "2 * unquote(x)", "3 * unquote(x)")
    assert run!(context, "Demo.User.four(1)") == 6
    assert where(context, [Demo.User]) == [:probes]

    # Only the instrumented text changes, as with another plan.
    before = File.read!(beam)
    edit(context.root, "bin/stand_in", "enter(1);/", "enter(2);/")
    refute mix!(context, ["compile"]) =~ "Compiling"
    refute File.read!(beam) == before
    assert where(context, [Demo.Calc]) == [:probes]

    # A renamed module and a deleted source leave no beam behind.
    edit(context.app, "lib/user.ex", "Demo.User", "Demo.Customer")
    File.rm!(Path.join(context.app, "lib/shapes.ex"))
    mix!(context, ["compile"])
    assert overlay(context) == ["Elixir.Demo.Calc", "Elixir.Demo.Customer"]

    # A syntax error is the user's compiler's to report, and is got over.
    edit(context.app, "lib/user.ex", "Demo.Plain.twice(2)", "Demo.Plain.twice(2")
    assert {output, 1} = mix(context, ["compile"])
    # Newer versions name the kind of error, and put the place at its end.
    assert output =~ ~r/Error\).* lib\/user.ex:8/
    refute output =~ "elixir_scope: "
    edit(context.app, "lib/user.ex", "Demo.Plain.twice(2", "Demo.Plain.twice(2)")
    assert run!(context, "Demo.Customer.four(1)") == 6

    # Production carries nothing, unless it is asked for by name.
    assert where(context, [Demo.Calc], [{"MIX_ENV", "prod"}]) == [:clean]
    assert overlay(context, "prod") == []

    assert where(context, [Demo.Calc], [{"MIX_ENV", "prod"}, {"ELIXIRSCOPE_ENABLED", "1"}]) ==
             [:probes]

    mix!(context, ["release", "--overwrite"], [{"MIX_ENV", "prod"}])
    release = Path.join(context.app, "_build/prod/rel/demo/lib")
    refute Enum.any?(File.ls!(release), &String.starts_with?(&1, "elixir_scope"))

    for beam <- Path.wildcard(Path.join(release, "demo-*/ebin/*.beam")) do
      {:ok, {_, [imports: imports]}} = :beam_lib.chunks(String.to_charlist(beam), [:imports])
      refute List.keymember?(imports, :scope_probe, 0), beam
    end

    mix!(context, ["clean"])
    refute File.exists?(Path.join(context.app, "_build/dev/elixir_scope/demo"))
  end

  test "files the overlay has to leave alone", context do
    demo(context.app)
    write(context.app, "lib/lie.ex", @lie)
    write(context.app, "lib/broken.ex", @broken)
    write(context.app, ".say", ~s({diagnostic, <<"lib/user.ex"/utf8>>, 4, warning, <<"odd">>}.\n))

    output = mix!(context, ["compile"])
    assert output =~ ~r/warning: lib\/lie.ex:3: runs without probes: .*expected `x \+ 41`/
    assert output =~ ~r/warning: lib\/broken.ex:8: runs without probes, .*nowhere/
    assert output =~ "warning: lib/user.ex:4: odd"
    assert overlay(context) == @probed

    assert where(context, [Demo.Lie, Demo.Broken, Demo.Early, Demo.Calc]) ==
             [:clean, :clean, :clean, :probes]

    # Said once, kept as a diagnostic.
    refute mix!(context, ["compile"]) =~ "lie.ex"
    assert mix!(context, ["compile", "--all-warnings"]) =~ "lib/lie.ex:3"

    code = """
    Mix.Task.clear()
    {status, all} = Mix.Task.run("compile", ["--return-errors"])
    {status, for(d <- all, d.compiler_name == "elixir_scope", do: {Path.basename(d.file), d.position})}
    """

    assert {:noop, [{"user.ex", 4}, {"broken.ex", 8}, {"lie.ex", 3}]} = run!(context, code)

    # The first build is no different for the module that was compiled half.
    File.rm_rf!(Path.join(context.app, "_build/dev/elixir_scope"))
    assert where(context, [Demo.Early, Demo.Broken]) == [:clean, :clean]

    edit(context.app, "lib/lie.ex", "41 # lie", "41")
    assert where(context, [Demo.Lie]) == [:probes]
  end

  test "a command that cannot run, and settings", context do
    demo(context.app)
    write(context.app, ".fail", "no such plan: plan.json\n")
    output = mix!(context, ["compile"])

    assert output =~
             "warning: elixir_scope: the build goes on without probes: no such plan: plan.json"

    File.rm!(Path.join(context.app, ".fail"))
    assert where(context, [Demo.Calc]) == [:probes]

    write(context.app, ".fail", "broken again")
    assert where(context, [Demo.Calc]) == [:clean]

    missing = [{"ELIXIRSCOPE_BIN", "/nowhere/elixirscope"}]
    assert mix!(context, ["compile"], missing) =~ "ELIXIRSCOPE_BIN names /nowhere/elixirscope"
    File.rm!(Path.join(context.app, ".fail"))

    demo(context.app, ", elixir_scope: [enabled: false]")
    assert where(context, [Demo.Calc]) == [:clean]
    demo(context.app, ", elixir_scope: [envs: [:test]]")
    assert where(context, [Demo.Calc]) == [:clean]
    demo(context.app, ~s(, elixir_scope: [exclude: ["lib/u*.ex", Demo.Square]]))
    assert where(context, [Demo.Calc, Demo.User, Demo.Square]) == [:probes, :clean, :clean]
    demo(context.app, ", elixir_scope: [exlude: []]")
    assert {output, 1} = mix(context, ["compile"])
    assert output =~ "unknown key :exlude in elixir_scope of mix.exs, did you mean :exclude?"
  end

  test "recompiling in a running VM", context do
    demo(context.app)

    write(context.app, "lib/loop.ex", """
    defmodule Demo.Loop do
      def run(parent) do
        send(parent, :ready)

        receive do
          :stop -> send(parent, {:version, 1})
        end
      end
    end
    """)

    write(context.app, "session.exs", ~S"""
    which = fn m -> if String.contains?(to_string(:code.which(m)), "/overlay/"), do: :probes, else: :clean end
    edit = fn path, from, to ->
      File.write!(path, String.replace(File.read!(path), from, to))
      File.touch!(path, System.os_time(:second) + 2)
    end
    me = self()
    runner = spawn(fn -> Demo.Loop.run(me) end)
    receive do :ready -> :ok end

    first = {Demo.Calc.add(1, 2), which.(Demo.Calc)}
    edit.("lib/calc.ex", "a + b", "a + b + 100")
    IEx.Helpers.recompile()
    second = {Demo.Calc.add(1, 2), which.(Demo.Calc)}
    noop = IEx.Helpers.recompile()

    # A process that runs old code lives on; its module waits, clean.
    edit.("lib/loop.ex", "{:version, 1}", "{:version, 2}")
    IEx.Helpers.recompile()
    held = {Process.alive?(runner), which.(Demo.Loop)}
    send(runner, :stop)
    version = receive do {:version, v} -> v end
    Process.sleep(50)
    IEx.Helpers.recompile()
    after_it = which.(Demo.Loop)

    # Switched off in the same VM.
    System.put_env("ELIXIRSCOPE_ENABLED", "0")
    IEx.Helpers.recompile()
    Code.ensure_loaded(Demo.Calc)
    off = {Demo.Calc.add(1, 2), which.(Demo.Calc)}
    IO.inspect([first, second, noop, held, version, after_it, off], label: "SESSION")
    """)

    output = mix!(context, ["run", "session.exs"])

    assert output =~
             "SESSION: [{3, :probes}, {103, :probes}, :noop, {true, :clean}, 1, :probes, {103, :clean}]",
           output

    assert output =~ "a process still runs old code of Demo.Loop"
  end

  test "mix test, with and without --cover", context do
    demo(context.app)
    write(context.app, "test/test_helper.exs", "ExUnit.start()")

    write(context.app, "test/demo_test.exs", """
    defmodule DemoTest do
      use ExUnit.Case
      test "it runs", do: assert(Demo.Area.of(Demo.Square.new(2)) == 4)

      test "where" do
        IO.puts("WHERE \#{:code.which(Demo.Square)}")
      end
    end
    """)

    env = [{"MIX_ENV", "test"}]
    assert mix!(context, ["test"], env) =~ ~r/WHERE .*\/overlay\/Elixir.Demo.Square.beam/
    assert {output, 3} = mix(context, ["test", "--cover"], env)
    assert output =~ "2 tests, 0 failures"
    assert output =~ "WHERE cover_compiled"
    assert output =~ ~r/100.*Demo.Area.Demo.Square/
  end

  test "an umbrella", context do
    write(context.app, "mix.exs", """
    defmodule Umbrella.MixProject do
      use Mix.Project
      def project, do: [apps_path: "apps", deps: []]
    end
    """)

    write(context.app, "config/config.exs", "import Config\n")

    for {name, module, deps} <- [{"one", "One", ""}, {"two", "Two", "{:one, in_umbrella: true},"}] do
      write(context.app, "apps/#{name}/mix.exs", """
      defmodule #{module}.MixProject do
        use Mix.Project

        def project do
          [app: :#{name}, version: "0.1.0", build_path: "../../_build", config_path: "../../config/config.exs",
           deps_path: "../../deps", lockfile: "../../mix.lock",
           deps: [#{deps} {:elixir_scope, path: #{inspect(@package)}, runtime: false}],
           compilers: [:elixir_scope] ++ Mix.compilers()]
        end
      end
      """)

      write(context.app, "apps/#{name}/lib/#{name}.ex", """
      defmodule #{module} do
        def id(x) do
          x
        end
      end
      """)
    end

    mix!(context, ["compile"])
    assert where(context, [One, Two]) == [:probes, :probes]

    assert File.exists?(
             Path.join(context.app, "_build/dev/elixir_scope/one/overlay/Elixir.One.beam")
           )

    assert File.exists?(
             Path.join(context.app, "_build/dev/elixir_scope/two/overlay/Elixir.Two.beam")
           )

    inner = %{context | app: Path.join(context.app, "apps/two")}
    assert where(inner, [One, Two]) == [:probes, :probes]
  end

  test "the real command", context do
    with {:ok, command} <- ElixirScope.Overlay.Command.find() do
      demo(context.app)
      real = [{"ELIXIRSCOPE_BIN", command}]
      output = mix!(context, ["compile"], real)
      refute output =~ "runs without probes"
      refute output =~ "goes on without"
      assert overlay(context) == @probed
      assert run!(context, "Demo.Area.of(Demo.Square.new(Demo.User.four(1)))", real) == 16
      assert where(context, [Demo.Calc, Demo.Plain], real) == [:probes, :clean]
    end
  end
end
