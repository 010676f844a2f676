# Records on a disk with too little space for large segments, then until it is full.
[_, dir] = System.argv()
tell = &IO.puts("#{&1} " <> Base.encode64(:erlang.term_to_binary(&2)))

defmodule FullDisk do
  def fill(n) do
    :scope_probe.enter(1, n)
    if rem(n, 1000) == 0 and full?(ElixirScope.status()), do: n, else: fill(n + 1)
  end

  defp full?(status), do: status.failure != nil and status.lost_events > 0

  def wait, do: if(ElixirScope.status().recording, do: Process.sleep(10) && wait())

  # Kilobytes; what is removed and still mapped counts.
  def used(dir) do
    {table, 0} = System.cmd("df", ["-kP", dir])
    [_, line] = String.split(table, "\n", trim: true)
    line |> String.split() |> Enum.at(2) |> String.to_integer()
  end
end

before = FullDisk.used(dir)
tell.("refused", ElixirScope.start_recording(dir: dir))
tell.("used", FullDisk.used(dir) - before)

{:ok, run} = ElixirScope.start_recording(dir: dir, segment_bytes: 256 * 1024)
written = FullDisk.fill(1)
FullDisk.wait()
tell.("recorded", {run, written, ElixirScope.status()})
