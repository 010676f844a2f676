defmodule ElixirScope.Test.MixCase do
  @moduledoc """
  Real Mix projects in a temporary folder, `root`, and real `mix` processes in one
  of its folders, `app`. `command` is the `elixirscope` command they use.
  """
  use ExUnit.CaseTemplate

  import ExUnit.Assertions

  @package Path.expand("../..", __DIR__)

  using do
    quote do
      import ElixirScope.Test.MixCase
      @moduletag timeout: 300_000
    end
  end

  setup context do
    hash = :erlang.phash2({context.module, context.test, System.pid()})
    root = Path.join(System.tmp_dir!(), "elixir_scope_test_#{hash}")
    File.rm_rf!(root)
    on_exit(fn -> File.rm_rf!(root) end)
    {:ok, root: root, app: Path.join(root, "demo")}
  end

  @doc "The folder of this package."
  def package, do: @package

  @doc "Writes a file and the folders above it."
  def write(root, path, text) do
    path = Path.join(root, path)
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, text)
  end

  @doc "Makes an edit that Mix sees, whatever second it happens in."
  def edit(root, path, from, to) do
    file = Path.join(root, path)
    text = File.read!(file)
    assert text =~ from
    File.write!(file, String.replace(text, from, to))
    File.touch!(file, System.os_time(:second) + 2)
  end

  @doc "Runs Mix in the project: what it printed, and its status."
  def mix(context, arguments, env \\ []) do
    env =
      [
        {"MIX_ENV", "dev"},
        {"MIX_TARGET", nil},
        {"ELIXIRSCOPE_BIN", context.command},
        {"ELIXIRSCOPE_PREBUILT", "1"},
        {"ELIXIRSCOPE_RECORD", nil},
        {"ELIXIRSCOPE_ENABLED", nil},
        {"ELIXIRSCOPE_STRATEGY", nil}
      ] ++ env

    System.cmd("mix", arguments, cd: context.app, env: env, stderr_to_stdout: true)
  end

  @doc "Runs Mix, which must succeed."
  def mix!(context, arguments, env \\ []) do
    {output, status} = mix(context, arguments, env)
    assert status == 0, output
    output
  end

  @doc "Evaluates in the project and returns the value."
  def run!(context, code, env \\ []) do
    code =
      "value = (#{code}); IO.puts(\"VALUE \" <> Base.encode64(:erlang.term_to_binary(value)))"

    output = mix!(context, ["run", "-e", code], env)
    assert [_, encoded] = Regex.run(~r/VALUE (\S+)/, output), output
    :erlang.binary_to_term(Base.decode64!(encoded))
  end

  @doc "Says for each module whether it runs with probes."
  def where(context, modules, env \\ []) do
    code = """
    for m <- #{inspect(modules)} do
      Code.ensure_loaded(m)
      if String.contains?(to_string(:code.which(m)), "/overlay/"), do: :probes, else: :clean
    end
    """

    run!(context, code, env)
  end
end
