defmodule ElixirScope.OverlayTest do
  # Quiet lends the name :standard_error, which belongs to the whole VM.
  use ExUnit.Case, async: false

  alias ElixirScope.Config
  alias ElixirScope.Overlay.{Command, Compiler, Loader, Manifest, Quiet, Report}

  @moduletag :tmp_dir

  describe "settings" do
    defp read(options, env \\ :dev, variables \\ []),
      do: Config.read([elixir_scope: options], env, Map.new(variables))

    test "probes everywhere but in production" do
      assert {:ok, %{active?: true}} = Config.read([], :dev, %{})
      assert {:ok, %{active?: true}} = read([], :staging)
      assert {:ok, %{active?: false}} = read([], :prod)
      assert {:ok, %{active?: true}} = read([envs: [:prod]], :prod)
      assert {:ok, %{active?: false}} = read(envs: [:test])
      assert {:ok, %{active?: false}} = read(enabled: false)
    end

    test "ELIXIRSCOPE_ENABLED has the last word" do
      assert {:ok, %{active?: true}} = enabled("1", :prod, enabled: false)
      assert {:ok, %{active?: false}} = enabled("0", :dev)
      assert {:error, "ELIXIRSCOPE_ENABLED must be 0 or 1, got: \"yes\""} = enabled("yes", :dev)
    end

    defp enabled(value, env, options \\ []),
      do: read(options, env, [{"ELIXIRSCOPE_ENABLED", value}])

    test "what to record" do
      assert {:ok, %{strategy: nil, deps: [], probe_module: :scope_probe} = config} = read([])
      assert Config.arguments(config) == []
      full = [{"ELIXIRSCOPE_STRATEGY", "full"}]
      assert {:ok, %{strategy: :full}} = read([strategy: :minimal], :dev, full)
      assert {:ok, %{strategy: :balanced}} = read(strategy: "balanced")

      {:ok, config} =
        read(
          strategy: :balanced,
          plan: "scope.toml",
          exclude: ["lib/generated", Some.Module],
          deps: [:plug],
          probe_module: My.Sink
        )

      assert Enum.join(Config.arguments(config), " ") ==
               "--strategy balanced --plan scope.toml --probe-module My.Sink --shared-plan " <>
                 "--exclude lib/generated --exclude Some.Module"
    end

    test "what to record, wrongly" do
      wrong = fn options, expected ->
        assert {:error, message} = read(options)
        assert message =~ expected
      end

      place = "in elixir_scope of mix.exs must be"
      wrong.([strategy: :ful], ":strategy #{place} minimal, balanced or full, got: :ful, did you")
      wrong.([plan: :scope], ":plan #{place} the path of a plan file, got: :scope")
      wrong.([deps: :plug], ":deps #{place} a list of dependencies, or :all, got: :plug")
      wrong.([probe_module: nil], ":probe_module #{place} the name of a module, got: nil")
      wrong.([probe_modul: My.Sink], "did you mean :probe_module?")
      assert {:error, message} = read([], :dev, [{"ELIXIRSCOPE_STRATEGY", "all"}])
      assert message =~ "ELIXIRSCOPE_STRATEGY must be minimal, balanced or full, got: \"all\""
    end

    test "dependencies", %{tmp_dir: dir} do
      alias ElixirScope.Overlay.Dependencies
      fetched = Path.join(dir, "deps")

      paths =
        for name <- [:plug, :cowboy, :elixir_scope, :own], into: %{} do
          path = Path.join(if(name == :own, do: dir, else: fetched), Atom.to_string(name))
          File.mkdir_p!(path)
          if name != :cowboy, do: File.write!(Path.join(path, "mix.exs"), "")
          {name, path}
        end

      assert {:ok, [plug: _]} = Dependencies.resolve(:all, paths, fetched)
      assert {:ok, [own: _, plug: _]} = Dependencies.resolve([:own, :plug], paths, fetched)

      for {name, expected} <- [
            plgu: "names :plgu, which is no dependency, did you mean :plug?",
            cowboy: "names :cowboy, which has no mix.exs",
            elixir_scope: "its probes would call themselves"
          ] do
        assert {:error, message} = Dependencies.resolve([name], paths, fetched)
        assert message =~ expected
      end
    end

    test "what is wrong is said" do
      assert {:error, message} = read(enable: true)
      assert message =~ "unknown key :enable in elixir_scope of mix.exs, did you mean :enabled?"
      assert {:error, message} = read(colour: true)
      assert message =~ "the known keys are :enabled, :envs, :strategy, :plan, :exclude"
      assert {:error, message} = read(envs: :dev)
      assert message =~ ":envs in elixir_scope of mix.exs must be a list of environments"
      assert {:error, message} = read(:on)
      assert message =~ "must be a keyword list"
    end

    test "what is excluded" do
      {:ok, config} =
        read(exclude: ["lib/generated/", "lib/**/*_pb.ex", "lib/a?.ex", Some.Module])

      assert Config.excluded?(config, "lib/generated/x.ex")
      assert Config.excluded?(config, "lib/x_pb.ex")
      assert Config.excluded?(config, "lib/deep/er/x_pb.ex")
      assert Config.excluded?(config, "lib/a1.ex")
      assert Config.excluded?(config, Some.Module)
      refute Config.excluded?(config, "lib/generated_not.ex")
      refute Config.excluded?(config, "lib/a12.ex")
      refute Config.excluded?(config, "other/lib/x_pb.ex")
      refute Config.excluded?(config, Other)
    end
  end

  describe "the report" do
    test "is read, and unknown terms are skipped", %{tmp_dir: dir} do
      path = Path.join(dir, "report.term")

      File.write!(path, """
      {report, 1}.
      {node_map, <<"nodes.esmap">>, <<"ab">>}.
      {file, <<"lib/é.ex"/utf8>>, instrumented, <<"1">>, <<"2">>, 3}.
      {file, <<"lib/x.ex"/utf8>>, clean, <<"4">>, <<>>, 0}.
      {news, 1, 2}.
      {diagnostic, <<"lib/x.ex"/utf8>>, 7, warning, <<"odd"/utf8>>}.
      """)

      assert {:ok, report} = Report.read(path)

      assert [%{path: "lib/é.ex", status: :instrumented, probes: 3}, %{status: :clean}] =
               report.files

      assert report.node_map == {"nodes.esmap", "ab"}
      assert report.diagnostics == [{"lib/x.ex", 7, :warning, "odd"}]
    end

    test "of another version, a broken one and none", %{tmp_dir: dir} do
      assert {:error, message} = Report.parse([{:report, 2}])
      assert message =~ "version 2"
      assert {:error, _} = Report.parse([])
      path = Path.join(dir, "report.term")
      assert {:error, message} = Report.read(path)
      assert message =~ "no such file"
      File.write!(path, "{report, 1")
      assert {:error, message} = Report.read(path)
      assert message =~ "cannot read"
    end
  end

  describe "the command" do
    test "says why it could not run", %{tmp_dir: dir} do
      path = Path.join(dir, "command")
      File.write!(path, "#!/bin/sh\necho no good >&2\nexit 2\n")
      File.chmod!(path, 0o755)
      previous = System.get_env("ELIXIRSCOPE_BIN")
      on_exit(fn -> restore_env("ELIXIRSCOPE_BIN", previous) end)

      System.put_env("ELIXIRSCOPE_BIN", path)
      assert Command.instrument(dir, Path.join(dir, "out"), :app, [], dir) == {:error, "no good"}

      System.put_env("ELIXIRSCOPE_BIN", path <> "nowhere")
      assert {:error, message} = Command.find()
      assert message =~ "not an executable file"
    end

    defp restore_env(name, nil), do: System.delete_env(name)
    defp restore_env(name, value), do: System.put_env(name, value)
  end

  describe "silence" do
    test "hides what our tasks write and lets everything else through" do
      test = self()

      output =
        ExUnit.CaptureIO.capture_io(:stderr, fn ->
          real = Process.whereis(:standard_error)

          result =
            Quiet.around(fn sink ->
              IO.puts(:stderr, "from the owner")

              task =
                Task.async(fn ->
                  Quiet.task(sink, fn ->
                    IO.puts("hidden")
                    # As Elixir's compiler does: the process has our leader, no link to us.
                    {_, ref} = spawn_monitor(fn -> warn("hidden warning") end)
                    receive do: ({:DOWN, ^ref, _, _, _} -> :done)
                  end)
                end)

              {:done, _} = Task.await(task)
              spawn(fn -> send(test, IO.puts(:stderr, "from another process")) end)
              assert_receive :ok
              :result
            end)

          assert result == :result
          assert Process.whereis(:standard_error) == real
        end)

      assert output == "from the owner\nfrom another process\n"
    end

    # From 1.15 on diagnostics are collected, and standard error is left alone.
    defp warn(text) do
      unless function_exported?(Code, :with_diagnostics, 1), do: IO.puts(:stderr, text)
    end

    test "gives the name back when the work fails and when its owner is killed" do
      real = Process.whereis(:standard_error)
      assert catch_error(Quiet.around(fn _ -> raise "no" end)) == %RuntimeError{message: "no"}
      assert Process.whereis(:standard_error) == real

      test = self()

      owner =
        spawn(fn ->
          Quiet.around(fn _ ->
            send(test, :inside)
            Process.sleep(:infinity)
          end)
        end)

      assert_receive :inside
      Process.exit(owner, :kill)
      assert eventually(fn -> Process.whereis(:standard_error) == real end)
    end
  end

  describe "compiling and loading" do
    setup %{tmp_dir: dir} do
      source = Path.join(dir, "scope_overlay_case.ex")
      text = Path.join(dir, "instrumented.ex")
      overlay = Path.join(dir, "overlay")

      on_exit(fn ->
        for module <- [ScopeOverlayCase, ScopeOverlayCase.Plain] do
          :code.purge(module)
          :code.delete(module)
          :code.purge(module)
        end
      end)

      {:ok, source: source, text: text, overlay: overlay}
    end

    @original """
    defmodule ScopeOverlayCase do
      def f(x) do
        x
      end
    end

    defmodule ScopeOverlayCase.Plain do
      def g, do: 1
    end
    """

    defp compile(context, original, instrumented, overlay? \\ fn _ -> true end) do
      File.write!(context.source, original)
      File.write!(context.text, instrumented)
      job = %{path: "lib/case.ex", source: context.source, text: context.text}
      settings = %{overlay: context.overlay, elixirc_options: [], overlay?: overlay?}
      [{"lib/case.ex", outcome}] = Compiler.run([job], settings)
      outcome
    end

    defp probed, do: String.replace(@original, "f(x) do", "f(x) do :scope_probe.enter(1, x);")

    test "only modules with probes are written, and options are as before", context do
      options = Map.new(Code.available_compiler_options(), &{&1, Code.get_compiler_option(&1)})
      assert {:ok, compiled} = compile(context, @original, probed())

      assert [{ScopeOverlayCase, true}, {ScopeOverlayCase.Plain, false}] =
               Enum.map(compiled, &{&1.module, &1.overlay?})

      assert File.ls!(context.overlay) == ["Elixir.ScopeOverlayCase.beam"]
      refute :erlang.module_loaded(ScopeOverlayCase.Plain)

      assert Map.new(Code.available_compiler_options(), &{&1, Code.get_compiler_option(&1)}) ==
               options
    end

    defmodule Tracer do
      def trace(event, _env), do: send(:scope_overlay_tracer, event) && :ok
    end

    test "a project's tracers do not see the second compilation", context do
      Process.register(self(), :scope_overlay_tracer)
      Code.put_compiler_option(:tracers, [Tracer])
      on_exit(fn -> Code.put_compiler_option(:tracers, []) end)
      assert {:ok, _} = compile(context, @original, probed())
      assert Code.get_compiler_option(:tracers) == [Tracer]
      refute_received _
    end

    test "an excluded module is not written", context do
      assert {:ok, [%{overlay?: false}, _]} =
               compile(context, @original, probed(), &(&1 != ScopeOverlayCase))

      assert File.ls!(context.overlay) == []
      refute :erlang.module_loaded(ScopeOverlayCase)
    end

    test "refused, failed and killed texts leave nothing loaded", context do
      assert {:refused, 3, _} =
               compile(context, @original, String.replace(probed(), "    x\n", "    1\n"))

      bad = String.replace(probed(), "enter(1, x)", "enter(1, nowhere)")
      assert {:failed, 2, message} = compile(context, @original, bad)
      assert message =~ "nowhere"

      # The supervisor of the compiling tasks reports the death it is shown here.
      %{level: level} = :logger.get_primary_config()
      :logger.set_primary_config(:level, :none)
      on_exit(fn -> :logger.set_primary_config(:level, level) end)
      exits = @original <> "\nProcess.exit(self(), :kill)\n"

      assert {:failed, 0, message} =
               compile(context, exits, probed() <> "\nProcess.exit(self(), :kill)\n")

      assert message =~ "killed"
      refute :erlang.module_loaded(ScopeOverlayCase)
      refute :erlang.module_loaded(ScopeOverlayCase.Plain)
    end

    test "loading follows what is wanted", context do
      {:ok, [%{md5: md5} | _]} = compile(context, @original, probed())
      wanted = %{ScopeOverlayCase => md5}
      assert Loader.sync(context.overlay, wanted) == []
      path = context.overlay |> Loader.beam(ScopeOverlayCase) |> String.to_charlist()
      assert :code.which(ScopeOverlayCase) == path
      assert ScopeOverlayCase.module_info(:md5) == md5
      # Nothing to do: the current code is not replaced.
      :code.purge(ScopeOverlayCase)
      assert Loader.sync(context.overlay, wanted) == []
      refute :erlang.check_old_code(ScopeOverlayCase)
      assert Loader.sync(context.overlay, %{}) == []
      refute :erlang.module_loaded(ScopeOverlayCase)
    end
  end

  describe "the manifest" do
    test "a newer clean beam, another text or another key make an entry stale", %{tmp_dir: dir} do
      beam = Path.join(dir, "Elixir.Some.Module.beam")
      File.write!(beam, "beam")
      File.touch!(beam, System.os_time(:second) - 100)

      file = %Report.File{
        path: "lib/a.ex",
        status: :instrumented,
        original: "1",
        instrumented: "2",
        probes: 1
      }

      outcome = {:ok, [%{module: Some.Module, md5: <<1>>, overlay?: true}]}
      entry = Manifest.entry(file, outcome, dir)
      assert Manifest.overlay(entry) == [{Some.Module, <<1>>}]
      assert Manifest.fresh?(entry, file, dir, true)
      refute Manifest.fresh?(entry, %{file | instrumented: "3"}, dir, false)
      refute Manifest.fresh?(entry, %{file | original: "3"}, dir, false)

      File.touch!(beam, System.os_time(:second) - 50)
      refute Manifest.fresh?(entry, file, dir, false)

      # Within the same second only the content tells.
      now = System.os_time(:second)
      File.touch!(beam, now)
      entry = %{Manifest.entry(file, outcome, dir) | at: now}
      assert Manifest.fresh?(entry, file, dir, false)
      assert Manifest.settle(entry).at >= now
      File.write!(beam, "maeb")
      File.touch!(beam, now)
      refute Manifest.fresh?(entry, file, dir, false)

      failed = Manifest.entry(file, {:failed, 1, "no"}, dir)
      assert Manifest.fresh?(failed, file, dir, false)
      refute Manifest.fresh?(failed, file, dir, true)

      path = Path.join(dir, "manifest")
      Manifest.write(%Manifest{key: :a, files: %{"lib/a.ex" => entry}}, path)
      assert Manifest.read(path, :a).files == %{"lib/a.ex" => entry}
      assert Manifest.read(path, :b).files == %{}
      File.write!(path, "rubbish")
      assert Manifest.read(path, :a).files == %{}
    end
  end

  defp eventually(fun, tries \\ 100) do
    cond do
      fun.() -> true
      tries == 0 -> false
      true -> Process.sleep(10) && eventually(fun, tries - 1)
    end
  end
end
