defmodule ElixirScope.Options do
  @moduledoc """
  The options of `ElixirScope.start_recording/1`: what they are when nobody says, and what
  is wrong with them.
  """

  alias ElixirScope.{Config, Redaction, Retention, Tracer}
  alias ElixirScope.Health.{Alerts, Budget}
  alias ElixirScope.Overlay.Recording

  @defaults [
    dir: nil,
    app: nil,
    maps: nil,
    only: :all,
    trace: [],
    trace_processes: :all,
    message_contents: true,
    keep: :all,
    max_bytes: nil,
    max_age: :infinity,
    runs: [],
    segment_bytes: 4 * 1024 * 1024,
    depth: 8,
    items: 64,
    binary_bytes: 512,
    payload_bytes: 4096,
    redact: nil,
    budget: nil,
    alert: nil
  ]

  @limits [:segment_bytes, :max_bytes, :depth, :items, :binary_bytes, :payload_bytes]

  @doc "The limits of segments and terms, in the order that `ElixirScope.Native.start/6` has."
  @spec limits(keyword) :: [pos_integer]
  def limits(options), do: Enum.map(@limits, &options[&1])

  @doc """
  All options, with defaults for those that are not given. What is wrong raises.

      iex> ElixirScope.Options.validate!([])[:keep]
      :all

  """
  @spec validate!(keyword) :: keyword
  def validate!(options) do
    case Keyword.validate(options, @defaults) do
      {:ok, options} ->
        options = Retention.validate!(options)
        for key <- @limits, do: positive!(key, options[key])
        only!(options[:only])
        told!(options[:trace])
        processes!(options[:trace_processes])
        boolean!(:message_contents, options[:message_contents])
        Alerts.validate!(options[:alert])
        options = Keyword.update!(options, :budget, &Budget.validate!(&1, options[:keep]))
        Keyword.update!(options, :redact, &redact!/1)

      {:error, [first | _] = unknown} ->
        known = Keyword.keys(@defaults)
        near = Config.near(first, known) || ", start_recording/1 knows #{inspect(known)}"
        raise ArgumentError, "unknown options #{inspect(unknown)}#{near}"
    end
  end

  defp redact!(nil), do: Recording.redact()

  defp redact!(value) do
    case Redaction.check(value) do
      :ok -> value
      {:error, reason} -> raise ArgumentError, ":redact #{reason}"
    end
  end

  defp only!(only) when only in [:all, :traced], do: :ok

  defp only!(other),
    do: raise(ArgumentError, ":only must be :all or :traced, got: #{inspect(other)}")

  defp told!(flags) do
    unless is_list(flags) and flags -- Tracer.flags() == [] do
      raise ArgumentError,
            ":trace must be a list of #{inspect(Tracer.flags())}, got: #{inspect(flags)}"
    end
  end

  @doc "Whom the VM tells of; what is no such thing raises."
  @spec processes!(term) :: :ok
  def processes!(which) when which in [:all, :existing, :new], do: :ok

  def processes!(which) do
    unless is_list(which) and which != [] and Enum.all?(which, &(is_pid(&1) or is_atom(&1))) do
      raise ArgumentError,
            ":trace_processes must be :all, :existing, :new or a list of pids and names, " <>
              "got: #{inspect(which)}"
    end
  end

  defp boolean!(_key, value) when is_boolean(value), do: :ok

  defp boolean!(key, value) do
    raise ArgumentError, "#{inspect(key)} must be true or false, got: #{inspect(value)}"
  end

  defp positive!(_key, value) when is_integer(value) and value > 0, do: :ok

  defp positive!(key, value) do
    raise ArgumentError, "#{inspect(key)} must be a positive integer, got: #{inspect(value)}"
  end
end
