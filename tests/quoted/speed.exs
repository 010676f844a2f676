# How fast Elixir's own parser is: `elixir --erl "+S N" speed.exs N time|hold PATH...`, which
# says what `compiler/syntax/examples/parse_speed.rs` says of ours.

defmodule Speed do
  def run([cores, mode | paths]) do
    files = Enum.flat_map(paths, &(&1 |> Path.join("**/*.{ex,exs}") |> Path.wildcard()))
    sources = for file <- files, File.regular?(file), do: File.read!(file)
    bytes = sources |> Enum.map(&byte_size/1) |> Enum.sum()
    IO.puts("bytes #{bytes} #{measure(mode, sources, String.to_integer(cores))}")
  end

  defp measure("hold", sources, _) do
    before = peak()
    terms = Enum.map(sources, &parse/1)
    grew = peak() - before
    # The terms are needed up to here.
    true = length(terms) == length(sources)
    "grew #{grew}"
  end

  defp measure("time", sources, cores) do
    pass(sources, cores)
    {microseconds, :ok} = :timer.tc(fn -> pass(sources, cores) end)
    "seconds #{microseconds / 1_000_000}"
  end

  # A process a file, as the compiler does it: nothing old is in its heap.
  defp pass(sources, cores) do
    sources
    |> Task.async_stream(
      fn source ->
        parse(source)
        :ok
      end,
      max_concurrency: cores,
      ordered: false,
      timeout: :infinity
    )
    |> Stream.run()
  end

  defp parse(source), do: Code.string_to_quoted(source, emit_warnings: false)

  defp peak do
    [_, kilobytes] = Regex.run(~r/VmHWM:\s+(\d+) kB/, File.read!("/proc/self/status"))
    String.to_integer(kilobytes) * 1024
  end
end

Speed.run(System.argv())
