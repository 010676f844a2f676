defmodule ElixirScope.Test.Terms do
  @moduledoc """
  Terms to record: one of each kind, and generated ones (with `:rand`, which the
  test seeds).
  """

  defmodule Order do
    @moduledoc false
    defstruct [:id, lines: [], total: 0.0]
  end

  @doc "Terms at the edges of each kind."
  def edges do
    integers() ++ atoms() ++ floats() ++ binaries() ++ containers() ++ identities()
  end

  @doc "`count` generated terms, none too large for an event together with nine others."
  def generated(count) do
    fn -> term(4) end
    |> Stream.repeatedly()
    |> Stream.filter(&(:erlang.external_size(&1) < 2500))
    |> Enum.take(count)
  end

  @doc "One generated term, mostly small."
  def leaf, do: if(:rand.uniform(10) == 1, do: term(2), else: leaf(:rand.uniform(8)))

  defp integers do
    edges = for bits <- [6, 7, 8, 31, 32, 59, 60, 63, 64, 200], n <- -1..1, do: 2 ** bits + n
    [0, 1, 63, 64] ++ edges ++ Enum.map(edges, &(-&1))
  end

  defp atoms do
    [nil, true, false, :ok, :"", :"with space", :größe, :日本語, Elixir, Enum, :"🦀"] ++
      [String.to_atom(String.duplicate("é", 255)), String.to_atom(String.duplicate("日", 255))]
  end

  defp floats, do: [0.0, -0.0, 1.5, -1.0e300, 5.0e-324, 3.141592653589793]

  defp binaries do
    long = String.duplicate("grün ", 400)
    <<_::3, unaligned::binary-size(100), _::bitstring>> = long
    <<_::5, bits::bitstring-size(805), _::bitstring>> = long

    ["", "text", "日本語", <<0, 255>>, long, binary_part(long, 7, 90), binary_part(long, 3, 3)] ++
      [unaligned, bits, <<1::1>>, <<5::3>>, <<0::63>>, :binary.copy(<<7>>, 65)]
  end

  defp containers do
    order = %Order{id: 7, lines: [%Order{id: 8}, %{"k" => {1, %Order{}}}]}

    [{}, {1}, {:a, {}, {{}}}, [], [[]], ~c"charlist", [1 | 2], [[1 | :b], 2 | {3}]] ++
      [%{}, %{a: 1}, Map.new(1..32, &{&1, &1}), Map.new(1..33, &{&1, &1})] ++
      [Map.new(1..120, &{{:key, &1}, [&1]}), order, Enum.to_list(1..127), %{%{} => []}] ++
      [~D[2024-02-29], 1..9, MapSet.new([1, :b]), List.to_tuple(Enum.to_list(1..127))]
  end

  defp identities do
    ets = :ets.new(:terms, [])

    [self(), Process.whereis(:init), spawn(fn -> :ok end), make_ref(), ets, hd(Port.list())] ++
      [:atomics.new(1, []), foreign_pid()]
  end

  # Of the node a@b, as NEW_PID_EXT has it.
  defp foreign_pid,
    do: :erlang.binary_to_term(<<131, 88, 119, 3, "a@b", 77::32, 5::32, 1::32>>)

  defp term(0), do: leaf(:rand.uniform(8))

  defp term(depth) do
    case :rand.uniform(16) do
      1 -> List.to_tuple(several(depth))
      2 -> several(depth)
      3 -> several(depth) ++ term(0)
      4 -> Map.new(several(depth), &{&1, term(depth - 1)})
      5 -> Map.new(1..(30 + :rand.uniform(30)), &{&1, term(0)})
      6 -> %Order{id: term(0), lines: several(depth), total: term(0)}
      7 -> Enum.random(edges())
      n -> leaf(rem(n, 8) + 1)
    end
  end

  defp several(depth) do
    for _ <- Enum.drop(0..(:rand.uniform(7) - 1), 1), do: term(depth - 1)
  end

  defp leaf(1), do: :rand.uniform(100) - 50
  defp leaf(2), do: Enum.random(integers()) + :rand.uniform(1000)
  defp leaf(3), do: Enum.random(atoms())
  defp leaf(4), do: :rand.uniform() * Enum.random([1, -1, 1.0e100, 1.0e-100])
  defp leaf(5), do: :rand.bytes(:rand.uniform(80) - 1)
  defp leaf(6), do: List.to_string(Enum.take_random(0x20..0x17F, :rand.uniform(20)))
  defp leaf(7), do: Enum.random([self(), make_ref(), :erlang.unique_integer()])

  defp leaf(8) do
    bits = :rand.uniform(70)
    <<value::bitstring-size(bits), _::bitstring>> = :rand.bytes(9)
    value
  end
end
