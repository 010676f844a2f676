defmodule ElixirScope.Health.Memory do
  @moduledoc """
  What memory the machine has left, or the container that the VM runs in.

  Linux says it: `MemAvailable` in `/proc/meminfo` for the machine, and of each control
  group with a limit what is missing to it. The least of them is what there is. Pages of
  files that the system can take back count as available in all of them: else any program
  that has read a large file would seem to be at its container's limit.
  """

  # Of both versions of control groups: where they are, the limit, what is used, and of
  # that, what can be taken back.
  @v2 {"sys/fs/cgroup", "memory.max", "memory.current", ["inactive_file", "active_file"]}
  @v1 {"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
       ["total_inactive_file", "total_active_file"]}

  # What version 1 has for no limit is beyond this.
  @unlimited 2 ** 60

  @doc """
  Bytes that are available; `nil` where the system does not say, as without `/proc`.

  The files are those below `root`.
  """
  @spec available(Path.t()) :: non_neg_integer | nil
  def available(root \\ "/") do
    [machine(root) | Enum.map(groups(root), &left/1)]
    |> Enum.reject(&is_nil/1)
    |> Enum.min(fn -> nil end)
  end

  defp machine(root) do
    with kilobytes when is_integer(kilobytes) <-
           number(Path.join(root, "proc/meminfo"), ~r/^MemAvailable: +(\d+) kB$/m),
         do: kilobytes * 1024
  end

  # The VM's own groups and all that these are in, each with its limit, if there is one.
  # Inside of a container the path may be one of the machine's: then its root is the own.
  defp groups(root) do
    for line <- String.split(text(Path.join(root, "proc/self/cgroup")), "\n"),
        [number, controllers, path] <- [String.split(line, ":", parts: 3)],
        {base, limit, used, cache} <- version(number, String.split(controllers, ",")),
        folder <- path |> Path.split() |> Enum.scan(&Path.join(&2, &1)) do
      place = &Path.join([root, base, folder, &1])
      {place.(limit), place.(used), place.("memory.stat"), cache}
    end
  end

  defp version("0", [""]), do: [@v2]
  defp version(_, controllers), do: if("memory" in controllers, do: [@v1], else: [])

  defp left({limit, used, stat, cache}) do
    with limit when is_integer(limit) and limit < @unlimited <- number(limit),
         used when is_integer(used) <- number(used) do
      kept = for name <- cache, do: number(stat, ~r/^#{name} (\d+)$/m) || 0
      max(limit - used + Enum.sum(kept), 0)
    else
      _ -> nil
    end
  end

  defp number(path, pattern \\ ~r/^(\d+)$/m) do
    case Regex.run(pattern, text(path)) do
      [_, digits] -> String.to_integer(digits)
      nil -> nil
    end
  end

  defp text(path) do
    case File.read(path) do
      {:ok, text} -> text
      {:error, _} -> ""
    end
  end
end
