defmodule ElixirScope.Foreground do
  @moduledoc """
  Runs a command that has the terminal to itself, as a shell does.
  """

  @doc """
  Runs `name` and gives its exit status; an error when there is no such command.
  """
  @spec run(String.t(), [String.t()], [{String.t(), String.t()}]) ::
          {:ok, non_neg_integer} | {:error, String.t()}
  def run(name, arguments, env \\ []) do
    case System.find_executable(name) do
      nil -> {:error, "there is no command #{name}"}
      path -> {:ok, wait(path, arguments, env)}
    end
  end

  # Its standard input and output are this VM's own: the port has others.
  defp wait(path, arguments, env) do
    env = for {name, value} <- env, do: {String.to_charlist(name), String.to_charlist(value)}
    options = [:nouse_stdio, :exit_status, args: arguments, env: env]
    port = Port.open({:spawn_executable, path}, options)

    receive do
      {^port, {:exit_status, status}} -> status
    end
  end
end
