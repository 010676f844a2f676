defmodule Case do
  def made, do: make_ref()
  def monitored(pid), do: Process.monitor(pid)

  def bound(pid) do
    ref = make_ref()
    send(pid, {self(), ref})
    ref
  end

  def passed(fun, pid), do: fun.(pid, make_ref())
  def piped(pid), do: pid |> :erlang.monitor(:process)
  def kept(pid), do: {pid, make_ref()}
end
