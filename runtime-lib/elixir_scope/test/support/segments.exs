defmodule ElixirScope.Test.Segments do
  @moduledoc """
  Reads the segments of a recording, written from the tables in `runtime-lib/wire`
  and sharing no code with what writes them.
  """
  import Bitwise

  alias ElixirScope.Test.CompactTerm

  @kinds %{
    1 => :enter,
    2 => :leave,
    3 => :tail,
    4 => :branch,
    5 => :bind,
    6 => :caught,
    7 => :locals,
    16 => :name_atom,
    17 => :name_process,
    18 => :exit,
    19 => :clock,
    20 => :mark,
    21 => :state,
    22 => :state_delta,
    23 => :level,
    24 => :switch,
    32 => :send,
    33 => :receive,
    34 => :spawn,
    35 => :spawned,
    36 => :link,
    37 => :unlink,
    38 => :register,
    39 => :unregister,
    40 => :gc_start,
    41 => :gc_end,
    42 => :in,
    43 => :out,
    44 => :call,
    45 => :returned,
    46 => :raised,
    47 => :context
  }

  defmodule Event do
    @moduledoc false
    defstruct [:kind, :node, :ticks, :pid, :argc, :terms, :context, :ring] ++
                [:truncated?, :omitted?]
  end

  @doc """
  The events of a recording, those of a process in their order, with terms decoded; those
  that hold no terms are left out.
  """
  def events(dir) do
    atoms = atoms(dir)

    segments(dir)
    |> Enum.reject(& &1.names?)
    |> records()
    |> Enum.reject(&(&1.kind in [:clock, :state, :state_delta]))
    |> Enum.map(&event(&1, atoms))
    |> Enum.sort_by(& &1.ticks)
  end

  @doc "The names that the recording has of processes, the last one of each."
  def process_names(dir) do
    for %{kind: :name_process} = record <-
          dir |> segments() |> Enum.filter(& &1.names?) |> records(),
        into: %{},
        do: {pid(record.layout, record.pid), record.payload}
  end

  @doc """
  The events of a flight recorder from when on every ring has all of its own: what a
  thread wrote into the segment that it has not filled may be older.
  """
  def newest(dir) do
    rings = dir |> segments() |> Enum.reject(& &1.names?) |> Enum.group_by(& &1.ring)
    firsts = for {_, ring} <- rings, do: Enum.min_by(ring, & &1.ordinal)
    from = Enum.max(for(%{ordinal: n, ticks: ticks} when n > 0 <- firsts, do: ticks), fn -> 0 end)
    Enum.filter(events(dir), &(&1.ticks >= from))
  end

  @doc "How many events of each kind there are."
  def kinds(dir) do
    dir |> segments() |> Enum.reject(& &1.names?) |> records() |> Enum.frequencies_by(& &1.kind)
  end

  defp atoms(dir) do
    names = dir |> segments() |> Enum.filter(& &1.names?) |> records()
    for %{kind: :name_atom} = record <- names, into: %{}, do: named(record)
  end

  @doc """
  From ticks to nanoseconds since the recording's start, as `wire::segment` has it.
  """
  def clock(dir) do
    segments = segments(dir)
    first = Enum.min_by(segments, & &1.ticks)
    clocks = for %{kind: :clock} = record <- records(segments), do: point(record)

    points =
      [{first.ticks, first.monotonic} | clocks]
      |> Enum.sort()
      |> Enum.reduce([], fn
        {ticks, ns}, [{last, last_ns} | _] = kept when ticks <= last or ns <= last_ns -> kept
        point, kept -> [point | kept]
      end)
      |> Enum.reverse()

    &(interpolate(points, &1, if(first.clock == 0, do: 10 ** 9, else: first.rate)) -
        first.monotonic)
  end

  defp point(%{ticks: ticks, payload: <<ns::little-64, _system::little-64>>}), do: {ticks, ns}

  defp interpolate([{t, ns}, {u, later} | _], ticks, _) when ticks >= t and ticks < u,
    do: ns + quotient((ticks - t) * (later - ns), u - t)

  defp interpolate([{t, ns}, {u, _} | _], ticks, rate) when ticks < t and t < u,
    do: ns + quotient((ticks - t) * 10 ** 9, rate)

  defp interpolate([{t, ns}], ticks, rate), do: ns + quotient((ticks - t) * 10 ** 9, rate)
  defp interpolate([_ | points], ticks, rate), do: interpolate(points, ticks, rate)

  defp quotient(n, d), do: div(n, d)

  @doc "Every segment in use, by ring and position; raises when one is damaged."
  def segments(dir) do
    for file <- dir |> File.ls!() |> Enum.sort(),
        String.ends_with?(file, ".seg"),
        segment = segment(File.read!(Path.join(dir, file))),
        do: Map.put(segment, :names?, String.starts_with?(file, "names-"))
  end

  defp segment(<<0::64, _::binary>>), do: nil

  defp segment(
         <<"ESCOPE", 0x1A, "S", 1::little-16, _minor::little-16, length::little-32,
           run::binary-16, ring::little-32, clock::little-32, ordinal::little-64,
           capacity::little-64, ticks::little-64, monotonic::little-64, _system::little-64,
           rate::little-64, layout::little-64, sum::little-64, _::binary>> = bytes
       ) do
    ^sum = fnv1a(binary_part(bytes, 0, 96))

    <<_::binary-128, cursor::little-64, _::binary-56, lost::little-64, lost_bytes::little-64,
      truncated::little-64, panics::little-64, sealed::little-64, sums::binary-16,
      _::binary>> = bytes

    true = cursor <= capacity and clock in [0, 1] and rem(length, 4096) == 0
    data = binary_part(bytes, length, cursor)

    %{
      summed: verify(sums, binary_part(bytes, 256, 3840), data),
      clock: clock,
      monotonic: monotonic,
      rate: rate,
      run: run,
      ring: ring,
      ordinal: ordinal,
      ticks: ticks,
      layout: layout,
      lost_events: lost,
      lost_bytes: lost_bytes,
      truncated: truncated,
      panics: panics,
      sealed?: sealed == 1,
      data: data
    }
  end

  # How many bytes of data the sums vouch for; they must.
  defp verify(<<0::128>>, _table, _data), do: 0

  defp verify(<<head::binary-12, check::little-32>>, table, data) do
    ^check = :erlang.crc32(head)
    <<summed::little-64, block::little-32>> = head
    places = places(data, 0)

    for n <- 0..div(summed - 1, block) do
      <<first::binary-4, sum::little-32>> = binary_part(table, n * 8, 8)
      from = n * block
      held = binary_part(data, from, min(block, summed - from))
      ^sum = :erlang.crc32([first, held])
      begins = Enum.find(places, &(&1 >= from and &1 < from + byte_size(held)))
      <<place::little-32>> = first
      true = place == if(begins, do: begins - from, else: 0xFFFFFFFF)
    end

    summed
  end

  defp places(<<>>, _at), do: []

  defp places(<<words::little-16, _::binary>> = data, at) do
    <<_::binary-size(words)-unit(64), rest::binary>> = data
    [at | places(rest, at + words * 8)]
  end

  defp fnv1a(bytes) do
    for <<byte <- bytes>>, reduce: 0xCBF29CE484222325 do
      hash -> bxor(hash, byte) * 0x100000001B3 &&& 0xFFFFFFFFFFFFFFFF
    end
  end

  defp records(segments) do
    segments
    |> Enum.sort_by(&{&1.ring, &1.ordinal})
    |> Enum.flat_map(&records(&1.data, &1.ring, &1.layout))
  end

  defp records(<<>>, _ring, _layout), do: []

  defp records(
         <<words::little-16, kind, flags, argc, length::little-24, node::little-64,
           ticks::little-64, pid::little-64, rest::binary>>,
         ring,
         layout
       ) do
    padding = words * 8 - 32 - length
    true = padding in 0..7
    <<payload::binary-size(length), _::binary-size(padding), rest::binary>> = rest
    {context, payload} = context(flags, payload)

    record = %{
      kind: @kinds[kind],
      flags: flags,
      argc: argc,
      node: node,
      ticks: ticks,
      pid: pid,
      payload: payload,
      context: context,
      ring: ring,
      layout: layout
    }

    # A kind that this reader does not know is passed over.
    if(record.kind, do: [record], else: []) ++ records(rest, ring, layout)
  end

  defp context(flags, <<number::little-64, terms::binary>>) when (flags &&& 8) != 0,
    do: {number, terms}

  defp context(_flags, payload), do: {nil, payload}

  defp named(%{node: index, payload: text}), do: {index, String.to_atom(text)}

  defp event(record, atoms) do
    resolve = %{atom: &Map.fetch!(atoms, &1), pid: &pid(record.layout, &1)}
    terms = CompactTerm.decode_all(record.payload, resolve)
    omitted? = (record.flags &&& 2) != 0
    true = omitted? or length(terms) == record.argc

    %Event{
      kind: record.kind,
      node: record.node,
      ticks: record.ticks,
      pid: pid(record.layout, record.pid),
      argc: record.argc,
      terms: terms,
      context: record.context,
      ring: record.ring,
      truncated?: (record.flags &&& 1) != 0,
      omitted?: omitted?
    }
  end

  # Above the four tag bits: 1 is 15 bits of number and 13 of serial; 2 is 28 bits of
  # number, then the serial, after the lowest bits (how many is in the layout's second
  # byte) are turned right by three.
  defp pid(layout, term) do
    data = term >>> 4

    {number, serial} =
      case layout do
        1 -> {data &&& 0x7FFF, data >>> 15 &&& 0x1FFF}
        _ -> turn_right(data, layout >>> 8)
      end

    :erlang.list_to_pid(~c"<0.#{number}.#{serial}>")
  end

  defp turn_right(data, bits) do
    <<rest::size(64 - bits), high::size(bits - 3), low::3>> = <<data::64>>
    <<whole::64>> = <<rest::size(64 - bits), low::3, high::size(bits - 3)>>
    {whole &&& 0xFFFFFFF, whole >>> 28}
  end
end

defmodule ElixirScope.Test.CompactTerm do
  @moduledoc """
  Decodes the compact terms of payloads; what was cut is a `Cut`.
  """
  import Bitwise

  defmodule Cut do
    @moduledoc false
    defstruct [:kind, :size, :kept]
  end

  @doc "The terms that fill `bytes`."
  def decode_all(<<>>, _resolve), do: []

  def decode_all(bytes, resolve) do
    {term, rest} = decode(bytes, resolve)
    [term | decode_all(rest, resolve)]
  end

  defp decode(<<small, rest::binary>>, _) when small < 0x40, do: {small, rest}

  defp decode(<<0x40, rest::binary>>, _) do
    {value, rest} = varint(rest)
    {bxor(value >>> 1, -(value &&& 1)), rest}
  end

  defp decode(<<0x41, rest::binary>>, resolve) do
    {index, rest} = varint(rest)
    {resolve.atom.(index), rest}
  end

  defp decode(<<0x42, pid::little-64, rest::binary>>, resolve), do: {resolve.pid.(pid), rest}
  defp decode(<<0x43, rest::binary>>, _), do: {[], rest}
  defp decode(<<0x44, float::little-float, rest::binary>>, _), do: {float, rest}

  defp decode(<<0x45, rest::binary>>, _) do
    {size, rest} = varint(rest)
    {kept, rest} = varint(rest)
    <<bytes::binary-size(kept), rest::binary>> = rest
    {whole_or_cut(:binary, size, kept, bytes, bytes), rest}
  end

  defp decode(<<0x46, rest::binary>>, _) do
    {bits, rest} = varint(rest)
    unused = rem(8 - rem(bits, 8), 8)
    <<value::bitstring-size(bits), _::size(unused), rest::binary>> = rest
    {value, rest}
  end

  defp decode(<<0x47, rest::binary>>, resolve) do
    {size, rest} = varint(rest)
    {items, rest} = items(rest, resolve)
    {whole_or_cut(:tuple, size, length(items), items, List.to_tuple(items)), rest}
  end

  defp decode(<<0x48, rest::binary>>, resolve), do: items(rest, resolve)

  defp decode(<<0x49, rest::binary>>, resolve) do
    {items, rest} = items(rest, resolve)
    {tail, rest} = decode(rest, resolve)
    {Enum.reverse(items) |> Enum.reduce(tail, &[&1 | &2]), rest}
  end

  defp decode(<<0x4A, rest::binary>>, resolve) do
    {items, rest} = items(rest, resolve)
    {%Cut{kind: :list, kept: items}, rest}
  end

  defp decode(<<0x4B, rest::binary>>, resolve) do
    {size, rest} = varint(rest)
    {kept, rest} = varint(rest)
    {flat, rest} = items(kept * 2, rest, resolve)
    pairs = flat |> Enum.chunk_every(2) |> Map.new(&List.to_tuple/1)
    {whole_or_cut(:map, size, kept, pairs, pairs), rest}
  end

  defp decode(<<0x4C, rest::binary>>, _) do
    {length, rest} = varint(rest)
    <<external::binary-size(length), rest::binary>> = rest
    {:erlang.binary_to_term(external), rest}
  end

  defp decode(<<0x4D, kind, rest::binary>>, _) do
    {size, rest} = varint(rest)
    kind = elem({:opaque, :opaque_tuple, :opaque_list, :opaque_map, :secret}, kind)
    {%Cut{kind: kind, size: size}, rest}
  end

  defp whole_or_cut(_kind, size, size, _kept, whole), do: whole
  defp whole_or_cut(kind, size, _, kept, _whole), do: %Cut{kind: kind, size: size, kept: kept}

  defp items(bytes, resolve) do
    {kept, rest} = varint(bytes)
    items(kept, rest, resolve)
  end

  defp items(0, rest, _resolve), do: {[], rest}

  defp items(count, bytes, resolve) do
    {item, rest} = decode(bytes, resolve)
    {items, rest} = items(count - 1, rest, resolve)
    {[item | items], rest}
  end

  defp varint(<<0::1, value::7, rest::binary>>), do: {value, rest}

  defp varint(<<1::1, low::7, rest::binary>>) do
    {high, rest} = varint(rest)
    {high <<< 7 ||| low, rest}
  end
end
