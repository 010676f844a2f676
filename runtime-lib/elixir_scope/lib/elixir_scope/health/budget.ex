defmodule ElixirScope.Health.Budget do
  @moduledoc """
  What a recording may cost, as the `:budget` of `ElixirScope.start_recording/1`.

    * `:overhead` - the share of all schedulers' time that events take (default 0.1);
    * `:drops` - the share of events that find no room (default 0.01);
    * `:memory` - bytes of the recorder's process, with the messages that wait for it
      (default 64 MiB). What segments take has its own limit, `:max_bytes`;
    * `:available_memory` - bytes that the machine has available at least, or the container
      (default 64 MiB); see `ElixirScope.Health.Memory`. Where the system does not say, it
      is no measure;
    * `:disk` - bytes that the disk has free at least (default 64 MiB).

  `:infinity` lets a measure be what it is, and for the last two so does 0. A flight recorder
  has these defaults: it runs where nobody looks, beside a program that matters more.
  With `keep: :all` there is no budget, since somebody who looks for a fault in a busy
  loop wants all of it. `true` asks for the defaults, `false` for none; a list has what
  differs from them.
  """

  alias ElixirScope.Config
  alias ElixirScope.Health.Breaker

  @defaults [overhead: 0.1, drops: 0.01, memory: 64 * 1024 * 1024] ++
              [available_memory: 64 * 1024 * 1024, disk: 64 * 1024 * 1024]
  @shares [:overhead, :drops]
  @reserves [:available_memory, :disk]

  @type t :: keyword | false

  @doc """
  The budget that `value` asks for; `nil` asks for what suits `keep`.

  Raises `ArgumentError` with a sentence that names the key.

      iex> ElixirScope.Health.Budget.validate!(nil, :all)
      false
      iex> ElixirScope.Health.Budget.validate!([overhead: 0.02], :all)[:overhead]
      0.02

  """
  @spec validate!(term, :all | :newest) :: t
  def validate!(nil, keep), do: validate!(keep == :newest, keep)
  def validate!(false, _keep), do: false
  def validate!(true, _keep), do: @defaults

  def validate!(value, _keep) do
    unless Keyword.keyword?(value) do
      raise ArgumentError,
            ":budget must be true, false or a keyword list, got: #{inspect(value)}"
    end

    for {key, limit} <- value, do: known!(key) && limit!(key, limit)
    Keyword.merge(@defaults, value)
  end

  defp known!(key) do
    keys = Keyword.keys(@defaults)
    near = Config.near(key, keys) || ", it knows #{Enum.map_join(keys, ", ", &inspect/1)}"
    key in keys or raise ArgumentError, "unknown key #{inspect(key)} in :budget#{near}"
  end

  defp limit!(_key, :infinity), do: :ok
  defp limit!(key, 0) when key in @reserves, do: :ok
  defp limit!(key, share) when key in @shares and is_number(share) and share > 0, do: :ok

  defp limit!(key, bytes) when key not in @shares and is_integer(bytes) and bytes > 0,
    do: :ok

  defp limit!(key, other) do
    wanted = if key in @shares, do: "a share such as 0.05", else: "a positive number of bytes"
    raise ArgumentError, "#{inspect(key)} in :budget must be #{wanted}, got: #{inspect(other)}"
  end

  @doc """
  What each measure of a health is, as a multiple of its budget.
  """
  @spec pressures(t, ElixirScope.Health.t()) :: Breaker.pressures()
  def pressures(false, _health), do: %{}

  def pressures(budget, health) do
    for {key, limit} <- budget, into: %{}, do: {key, pressure(key, limit, health)}
  end

  defp pressure(_key, :infinity, _health), do: 0.0
  defp pressure(:overhead, limit, health), do: health.overhead / limit
  defp pressure(:drops, limit, health), do: health.drop_rate / limit
  defp pressure(:memory, limit, health), do: health.memory.recorder / limit
  defp pressure(:disk, limit, health), do: limit / max(health.disk.free, 1)
  defp pressure(:available_memory, _limit, %{memory: %{available: nil}}), do: 0.0

  defp pressure(:available_memory, limit, health),
    do: limit / max(health.memory.available, 1)
end
