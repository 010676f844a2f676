defmodule ElixirScope.Retention do
  @moduledoc """
  How much is kept: of a recording while it runs, and of those before it.

  The library removes what a running recording keeps no longer, and tells which old
  ones are in use; this says how much is wanted.
  """

  alias ElixirScope.{Config, Native}

  @keep [:all, :newest]
  @runs [keep: 20, max_bytes: :infinity]

  @doc """
  The retention options of `ElixirScope.start_recording/1`, checked, with defaults.

  Raises `ArgumentError` with a sentence that names the option.
  """
  @spec validate!(keyword) :: keyword
  def validate!(options) do
    keep!(options[:keep])
    options = Keyword.update!(options, :max_bytes, &(&1 || most(options[:keep])))
    age!(options[:max_age], options[:keep])
    Keyword.put(options, :runs, runs!(options[:runs]))
  end

  # What is kept of the newest stays mapped, so it counts as the VM's memory too.
  defp most(:all), do: 1024 * 1024 * 1024
  defp most(:newest), do: 256 * 1024 * 1024

  @doc "As the library takes it: whether only the newest is kept, and its greatest age in ms."
  @spec limits(keyword) :: [non_neg_integer]
  def limits(options) do
    newest = if options[:keep] == :newest, do: 1, else: 0
    [newest, if(options[:max_age] == :infinity, do: 0xFFFFFFFFFFFFFFFF, else: options[:max_age])]
  end

  @doc """
  Removes the oldest recordings below `parent`, of which `runs` says how many and how
  many bytes stay; never `current`, nor one that is written or read.
  """
  @spec remove_old(Path.t(), Path.t(), keyword) :: :ok
  def remove_old(parent, current, runs) do
    # Their names begin with the time; the first one that stays is the current one.
    newest_first = Enum.sort(for(path <- runs(parent), path != current, do: path), :desc)
    sums = newest_first |> Enum.map(&bytes/1) |> Enum.scan(&+/2) |> Enum.with_index(2)

    for {path, {bytes, number}} <- Enum.zip(newest_first, sums),
        number > runs[:keep] or bytes > runs[:max_bytes],
        do: Native.remove_run(path)

    :ok
  end

  defp runs(parent) do
    for name <- list(parent),
        path = Path.join(parent, name),
        File.exists?(Path.join(path, "lock")),
        do: path
  end

  defp list(folder) do
    case File.ls(folder) do
      {:ok, names} -> names
      {:error, _} -> []
    end
  end

  defp bytes(folder) do
    for name <- list(folder), {:ok, %{size: size}} <- [File.stat(Path.join(folder, name))] do
      size
    end
    |> Enum.sum()
  end

  defp keep!(keep) when keep in @keep, do: :ok

  defp keep!(keep) do
    near = if is_atom(keep) or is_binary(keep), do: Config.near(keep, @keep)
    raise ArgumentError, ":keep must be :all or :newest, got: #{inspect(keep)}#{near}"
  end

  defp age!(:infinity, _keep), do: :ok

  defp age!(age, :newest) when is_integer(age) and age > 0, do: :ok

  defp age!(age, :all) when is_integer(age) and age > 0 do
    raise ArgumentError, ":max_age needs keep: :newest, since keep: :all removes nothing"
  end

  defp age!(age, _keep) do
    raise ArgumentError,
          ":max_age must be a positive number of milliseconds, or :infinity, got: #{inspect(age)}"
  end

  defp runs!(runs) do
    unless Keyword.keyword?(runs), do: raise(ArgumentError, wrong(:runs, "a keyword list", runs))

    case Enum.find(Keyword.keys(runs), &(&1 not in Keyword.keys(@runs))) do
      nil ->
        runs = Keyword.merge(@runs, runs)
        for {key, value} <- runs, do: most!(key, value)
        runs

      key ->
        near = Config.near(key, Keyword.keys(@runs)) || ", it knows :keep and :max_bytes"
        raise ArgumentError, "unknown key #{inspect(key)} in :runs#{near}"
    end
  end

  defp most!(_key, :infinity), do: :ok
  defp most!(_key, value) when is_integer(value) and value > 0, do: :ok

  defp most!(key, value) do
    raise ArgumentError,
          wrong("#{inspect(key)} in :runs", "a positive integer or :infinity", value)
  end

  defp wrong(key, wanted, value) when is_atom(key), do: wrong(inspect(key), wanted, value)
  defp wrong(key, wanted, value), do: "#{key} must be #{wanted}, got: #{inspect(value)}"
end
