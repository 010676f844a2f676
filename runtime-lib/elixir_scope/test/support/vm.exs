defmodule ElixirScope.Test.VM do
  @moduledoc """
  A VM of its own that runs a script of this folder, for what could end a VM.
  """

  @greeting ~S|IO.puts("vm #{System.pid()}"); Code.require_file(hd(System.argv()))|

  @doc """
  Runs the script `name` in the folder `dir`, with the package that is in `ebin`.
  """
  def start(name, arguments, dir, ebin \\ Application.app_dir(:elixir_scope, "ebin")) do
    script = Path.join(__DIR__, "#{name}.exs")

    port =
      Port.open({:spawn_executable, System.find_executable("elixir")}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        line: 65_536,
        cd: dir,
        env: [{~c"ERL_CRASH_DUMP_SECONDS", ~c"0"}],
        args: ["-pa", ebin, "-e", @greeting, script | arguments]
      ])

    vm = %{port: port, os_pid: nil}
    %{vm | os_pid: value(vm, "vm")}
  end

  @doc "What follows `name` in the next line that begins with it."
  def value(vm, name) do
    vm |> until(&String.starts_with?(&1, name <> " ")) |> List.last() |> after_name(name)
  end

  @doc "The term that follows `name`, in Base64."
  def term(vm, name), do: vm |> value(name) |> Base.decode64!() |> :erlang.binary_to_term()

  defp after_name(line, name), do: String.replace_prefix(line, name <> " ", "")

  @doc "The lines up to the one that `wanted?` says is wanted."
  def until(%{port: port} = vm, wanted?, lines \\ []) do
    receive do
      {^port, {:data, {:eol, line}}} ->
        if wanted?.(line),
          do: Enum.reverse([line | lines]),
          else: until(vm, wanted?, [line | lines])

      {^port, {:exit_status, status}} ->
        raise "the VM ended with status #{status} too early:\n#{Enum.join(lines, "\n")}"
    after
      30_000 -> raise "the VM does not write what is awaited, but\n#{Enum.join(lines, "\n")}"
    end
  end

  @doc "The lines until the VM ends, and its exit status."
  def rest(%{port: port} = vm, lines \\ []) do
    receive do
      {^port, {:data, {_, line}}} -> rest(vm, [line | lines])
      {^port, {:exit_status, status}} -> {Enum.reverse(lines), status}
    after
      30_000 -> raise "the VM does not end"
    end
  end

  @doc "Sends the VM a signal, as `kill` names it."
  def signal(%{os_pid: os_pid}, name) do
    {_, 0} = System.cmd("kill", ["-" <> name, os_pid])
    :ok
  end
end
