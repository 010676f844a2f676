defmodule ElixirScope.TransparencyTest do
  @moduledoc "What a probe must not do to the terms it sees."
  use ExUnit.Case, async: false

  setup do
    directory = Path.join(System.tmp_dir!(), "escope-transparency-#{System.pid()}")
    on_exit(fn -> File.rm_rf!(directory) end)
    {:ok, _} = ElixirScope.start_recording(dir: directory, max_bytes: 64 * 1024 * 1024)
    on_exit(&ElixirScope.stop_recording/0)
  end

  # The VM keeps room at the end of a binary that is appended to; one that was
  # pinned is cut to its size, and the next append copies all of it.
  test "a binary that a program appends to keeps its room" do
    grown = Enum.reduce(1..1000, <<>>, fn byte, all -> <<all::binary, byte>> end)
    room = :binary.referenced_byte_size(grown)
    assert room > byte_size(grown)

    :scope_probe.enter(1, grown)
    :scope_probe.enter(1, {grown, [grown]})
    ^grown = :scope_probe.leave(1, grown)
    assert :binary.referenced_byte_size(grown) == room
  end

  test "a part of a binary stays a part" do
    whole = :binary.copy("abcdefgh", 100)
    <<_::binary-size(10), part::binary>> = whole
    ^part = :scope_probe.bind(1, part)
    assert :binary.referenced_byte_size(part) == byte_size(whole)
  end
end
