defmodule ElixirScope.MemoryTest do
  use ExUnit.Case, async: true

  alias ElixirScope.Health.Memory

  setup do
    root = Path.join(System.tmp_dir!(), "escope-memory-#{System.unique_integer([:positive])}")
    on_exit(fn -> File.rm_rf!(root) end)
    {:ok, root: root}
  end

  defp write(root, files) do
    for {path, text} <- files do
      file = Path.join(root, path)
      File.mkdir_p!(Path.dirname(file))
      File.write!(file, text)
    end
  end

  @meminfo """
  MemTotal:       24684084 kB
  MemFree:            1000 kB
  MemAvailable:    2000000 kB
  SwapFree:        9000000 kB
  """

  defp v2(path, max, current, stat \\ ""),
    do: %{
      "sys/fs/cgroup#{path}/memory.max" => "#{max}\n",
      "sys/fs/cgroup#{path}/memory.current" => "#{current}\n",
      "sys/fs/cgroup#{path}/memory.stat" => stat
    }

  defp v1(path, limit, usage, stat \\ ""),
    do: %{
      "sys/fs/cgroup/memory#{path}/memory.limit_in_bytes" => "#{limit}\n",
      "sys/fs/cgroup/memory#{path}/memory.usage_in_bytes" => "#{usage}\n",
      "sys/fs/cgroup/memory#{path}/memory.stat" => stat
    }

  test "without /proc nothing is known", %{root: root} do
    assert Memory.available(root) == nil
    # As before Linux 3.14.
    write(root, %{
      "proc/meminfo" => "MemFree:  1000 kB\n",
      "proc/self/cgroup" => "garbage\n0::/\n"
    })

    assert Memory.available(root) == nil
  end

  test "of the machine, what is available", %{root: root} do
    write(root, %{"proc/meminfo" => @meminfo})
    assert Memory.available(root) == 2_048_000_000
    write(root, %{"proc/self/cgroup" => "0::/user.slice\n"})
    write(root, v2("/user.slice", "max", 5_000_000_000))
    assert Memory.available(root) == 2_048_000_000
  end

  test "of the group, or of one that it is in, if that is less", %{root: root} do
    write(root, %{"proc/meminfo" => @meminfo, "proc/self/cgroup" => "0::/pod/vm\n"})
    write(root, v2("/pod/vm", 300_000_000, 100_000_000))
    assert Memory.available(root) == 200_000_000
    write(root, v2("/pod", 500_000_000, 450_000_000))
    assert Memory.available(root) == 50_000_000
    stat = "anon 1\ninactive_file 7000000\nactive_file 2000000\nworkingset_refault_file 5\n"
    write(root, v2("/pod", 500_000_000, 450_000_000, stat))
    assert Memory.available(root) == 59_000_000
    write(root, v2("/pod", 500_000_000, 510_000_000))
    assert Memory.available(root) == 0
  end

  test "a container has its limit at the root", %{root: root} do
    write(root, %{"proc/meminfo" => @meminfo, "proc/self/cgroup" => "0::/\n"})
    write(root, v2("", 300_000_000, 100_000_000))
    assert Memory.available(root) == 200_000_000
  end

  test "groups of version 1", %{root: root} do
    groups = "9:name=systemd:/\n4:cpu,memory:/docker/5e\n2:cpuacct:/\n0::/\n"
    write(root, %{"proc/meminfo" => @meminfo, "proc/self/cgroup" => groups})
    write(root, v1("/docker", 9_223_372_036_854_771_712, 9_000_000_000))
    assert Memory.available(root) == 2_048_000_000
    File.rm!(Path.join(root, "proc/meminfo"))
    assert Memory.available(root) == nil, "no limit is none"
    stat = "inactive_file 1\ntotal_inactive_file 3000000\ntotal_active_file 4000000\n"
    # The container sees its own group as the root, whatever the path says.
    write(root, v1("", 300_000_000, 100_000_000, stat))
    assert Memory.available(root) == 207_000_000
  end

  if File.exists?("/proc/meminfo") do
    test "here" do
      assert Memory.available() > 0
    end
  end
end
