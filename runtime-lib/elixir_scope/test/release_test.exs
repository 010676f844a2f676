Code.require_file("support/mix_case.exs", __DIR__)

defmodule ElixirScope.ReleaseTest do
  # What the release step says when it adds nothing. `cargo xtask check release` has
  # a release that records.
  use ElixirScope.Test.MixCase

  @package ElixirScope.Test.MixCase.package()

  defp project(context, steps) do
    write(context.app, "lib/demo.ex", "defmodule Demo do\n  def one(), do: 1\nend\n")

    write(context.app, "mix.exs", """
    defmodule Demo.MixProject do
      use Mix.Project

      def project do
        [
          app: :demo,
          version: "1.0.0",
          releases: [demo: [include_executables_for: [], steps: [#{steps}]]],
          deps: [{:elixir_scope, path: #{inspect(@package)}, runtime: false}]
        ]
      end
    end
    """)
  end

  defp release(context, env \\ []) do
    context = Map.put_new(context, :command, "/nowhere/elixirscope")
    mix(context, ["release", "--overwrite"], [{"MIX_ENV", "prod"} | env])
  end

  test "it refuses without the command", context do
    project(context, ":assemble, &ElixirScope.Release.instrument/1")
    {output, status} = release(context)
    assert status == 1
    assert output =~ "ELIXIRSCOPE_BIN names /nowhere/elixirscope, which is not an executable file"
  end

  test "it refuses to stand before :assemble", context do
    project(context, "&ElixirScope.Release.instrument/1, :assemble")
    {output, status} = release(context)
    assert status == 1
    assert output =~ "it stands before :assemble in :steps of the release; put it behind"
  end

  test "a release of a project that is turned off is as it would be", context do
    project(context, ":assemble, &ElixirScope.Release.instrument/1")
    {output, status} = release(context, [{"ELIXIRSCOPE_ENABLED", "0"}])
    assert status == 0, output
    assert output =~ "* skipping elixir_scope: it is turned off, there are no probes"
    root = Path.join(context.app, "_build/prod/rel/demo")
    assert Path.wildcard(root <> "/lib/elixir_scope*") == []
    refute File.exists?(root <> "/releases/1.0.0/elixir_scope")
  end

  test "a release without the step refuses to record", _context do
    System.put_env("RELEASE_ROOT", "/nowhere")
    assert {:error, message} = ElixirScope.start_recording()
    assert message =~ "this release has no probes: put &ElixirScope.Release.instrument/1 behind"
  after
    System.delete_env("RELEASE_ROOT")
  end
end
