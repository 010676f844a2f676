defmodule Shop.ArchiveTest do
  use ExUnit.Case, async: true

  alias Shop.{Archive, Retry}

  defp asleep?(pid) do
    Process.info(pid, :current_function) == {:current_function, {:erlang, :hibernate, 3}}
  end

  test "keeps what it is given, in order" do
    archive = start_supervised!({Archive, name: :archive_a})
    for item <- [1, :two, "three"], do: Archive.store(archive, item)
    assert {[1, :two, "three"], _wakeups} = Archive.read(:archive_a)
  end

  test "hibernates when idle and wakes up with its items" do
    archive = start_supervised!({Archive, name: :archive_b, idle: 0})
    Archive.store(archive, :a)
    assert :ok = Retry.poll(fn -> asleep?(archive) end)
    {[:a], wakeups} = Archive.read(archive)
    assert wakeups >= 1
    assert :ok = Retry.poll(fn -> asleep?(archive) end)
    send(archive, :noise)
    assert :ok = Retry.poll(fn -> asleep?(archive) end)
    assert {[:a], more} = Archive.read(archive)
    assert more > wakeups
  end

  test "a busy one does not sleep" do
    archive = start_supervised!({Archive, name: :archive_c, idle: 60_000})
    for i <- 1..1000, do: Archive.store(archive, i)
    assert {items, 0} = Archive.read(archive)
    assert items == Enum.to_list(1..1000)
  end

  test "reading a suspended archive times out, a dead one exits" do
    archive = start_supervised!({Archive, name: :archive_d})
    :erlang.suspend_process(archive)
    assert {:timeout, {Archive, :read, [^archive]}} = catch_exit(Archive.read(archive, 5))
    :erlang.resume_process(archive)
    stop_supervised!(Archive)
    assert {:noproc, {Archive, :read, [^archive]}} = catch_exit(Archive.read(archive, 5))
  end
end
