defmodule Shop.MemoryTest do
  use ExUnit.Case, async: true

  alias Shop.Memory

  @million 1_000_000
  # One word per turn would already be eight of these.
  @flat 1_000_000

  defp deep_sum(0), do: 0
  defp deep_sum(n), do: n + deep_sum(n - 1)

  test "parsing a million prices is flat" do
    assert Memory.peak_parse(@million) < @flat
  end

  for loop <- [:across, :anonymous, :applied, :captured, :received, :used] do
    test "a million turns of #{loop} are flat" do
      turns = fn -> apply(Shop.Loops, unquote(loop), [@million]) end
      assert Memory.peak(turns) < @flat
    end
  end

  test "a million turns of the ledger's loop are flat" do
    assert Memory.peak_loop(@million) < @flat
  end

  test "a million quotes between two modules are flat" do
    # One single field: nothing but the stack could grow with the text.
    text = String.duplicate(~s("x"y), 500_000)
    assert Memory.peak(fn -> Shop.Csv.Plain.scan(text, "", [], []) end) < @flat
  end

  test "the probe sees what is not flat" do
    assert Memory.peak(fn -> deep_sum(@million) end) > 10 * @flat
  end

  @tag :capture_log
  test "a failing function fails the caller" do
    Process.flag(:trap_exit, true)
    assert catch_exit(Memory.peak(fn -> exit(:oops) end)) |> elem(0) == :oops
  end
end
