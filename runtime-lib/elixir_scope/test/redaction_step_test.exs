Code.require_file("support/mix_case.exs", __DIR__)

defmodule ElixirScope.RedactionStepTest do
  # A project that the real command instruments, recorded at full strength: what its
  # source calls a secret is looked for in every file of the run.
  use ElixirScope.Test.MixCase

  alias ElixirScope.Overlay.Command
  alias ElixirScope.Test.MixCase

  @demo """
  defmodule Canary do
    @compile {:elixir_scope, false}
    # No file but a recording has the whole text.
    def secret(name), do: "canary-" <> name <> "-end"
  end

  defmodule Demo do
    @compile {:elixir_scope, redact: [:pin]}

    def run do
      argument(Canary.secret("argument"))
      pattern({:log_in, "bob", Canary.secret("pattern")})
      own_name(Canary.secret("own_name"))
      variable()
      _ = access_token(1)
      keys(%{"id" => 7, "password" => Canary.secret("keys")})
      :ok = thrown()
      :error = failed()
      Process.flag(:trap_exit, true)
      server()
    end

    def argument(password), do: byte_size(password)
    def pattern({:log_in, name, password}), do: {name, byte_size(password)}
    def own_name(pin), do: byte_size(pin)

    def variable do
      token = Canary.secret("variable")
      header = {:ok, "Bearer \#{token}"}
      byte_size(token) + tuple_size(header)
    end

    def access_token(n), do: Enum.at(["", Canary.secret("result")], n)
    def keys(%{"password" => password} = form), do: {map_size(form), byte_size(password)}

    def thrown do
      throw({:denied, Canary.secret("thrown")})
    catch
      {:denied, password} when is_binary(password) -> :ok
    end

    def failed do
      only_for_atoms(Canary.secret("clause"), 1)
    rescue
      _ -> :error
    end

    def only_for_atoms(name, _) when is_atom(name), do: name

    def server do
      {:ok, server} = GenServer.start_link(Demo.Server, Canary.secret("state"))
      GenServer.call(server, {:rotate, Canary.secret("message")})
      GenServer.cast(server, {:unknown, Canary.secret("exit")})
      receive do: ({:EXIT, ^server, _} -> :ok)
      # The recorder hears of it too.
      Process.sleep(50)
    end
  end

  defmodule Demo.Server do
    use GenServer
    def init(password), do: {:ok, %{password: password, rotated: 0}}
    def handle_call({:rotate, password}, _from, state) when is_binary(password) do
      {:reply, :ok, %{state | password: password, rotated: state.rotated + 1}}
    end
    def handle_cast(:known, state), do: {:noreply, state}
  end
  """
  @names ~w(argument clause exit keys message own_name pattern result state thrown variable)

  setup do
    {:ok, command} = Command.find()
    {:ok, command: command}
  end

  defp settle(context, redact) do
    write(context.app, "mix.exs", """
    defmodule Demo.MixProject do
      use Mix.Project
      def project do
        [app: :demo, version: "0.1.0", compilers: [:elixir_scope] ++ Mix.compilers(),
         elixir_scope: [strategy: :full, redact: #{inspect(redact)}],
         deps: [{:elixir_scope, path: #{inspect(MixCase.package())}, runtime: false}]]
      end
    end
    """)
  end

  # The names of the canaries in the files of a run.
  defp found(context) do
    runs = Path.join(context.root, "runs")
    File.rm_rf!(runs)
    env = [{"ELIXIRSCOPE_RECORD", "1"}, {"ELIXIRSCOPE_DIR", runs}]
    refute mix!(context, ["run", "-e", "Demo.run()"], env) =~ "warning"
    assert [_] = File.ls!(runs)
    files = for path <- Path.wildcard(runs <> "/**"), File.regular?(path), do: File.read!(path)
    text = IO.iodata_to_binary(files)
    assert text =~ "rotated"
    Regex.scan(~r/canary-(\w+)-end/, text) |> Enum.map(&List.last/1) |> Enum.uniq() |> Enum.sort()
  end

  test "no secret reaches a file; each does when nothing is a secret", context do
    write(context.app, "lib/demo.ex", @demo)
    settle(context, true)
    assert found(context) == []
    assert mix!(context, ["compile", "--force"]) =~ "Compiling"
    settle(context, false)
    assert found(context) == @names
  end
end
