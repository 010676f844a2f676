defmodule ElixirScope.ProcessName do
  @moduledoc """
  What a reader should call a process.
  """

  @doc """
  The registered name, else the label (OTP 27), else the function it began with.

      iex> ElixirScope.ProcessName.of(Process.whereis(:code_server))
      ":code_server"

  """
  @spec of(pid) :: String.t() | nil
  def of(pid), do: registered(pid) || described(pid)

  @doc "The registered name, as source text."
  @spec registered(pid) :: String.t() | nil
  def registered(pid) do
    case Process.info(pid, :registered_name) do
      {:registered_name, name} when is_atom(name) -> inspect(name)
      _ -> nil
    end
  end

  defp described(pid) do
    with {:dictionary, dictionary} <- Process.info(pid, :dictionary) do
      label(dictionary[:"$process_label"]) || initial(dictionary[:"$initial_call"])
    end
  end

  defp label(nil), do: nil
  defp label(label), do: label |> inspect(limit: 10, printable_limit: 80) |> String.slice(0, 120)

  # What a process begins with that was given a function without a name.
  defp initial({:erlang, :apply, _}), do: nil

  defp initial({module, function, arity})
       when is_atom(module) and is_atom(function) and is_integer(arity),
       do: Exception.format_mfa(module, function, arity)

  defp initial(_), do: nil
end
