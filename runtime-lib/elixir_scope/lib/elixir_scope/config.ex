defmodule ElixirScope.Config do
  @moduledoc """
  What a project says about the step: `elixir_scope: [...]` in its `mix.exs`.

    * `:enabled` - `false` turns the step off (default: `true`);
    * `:envs` - the Mix environments that get probes
      (default: every one but `:prod`);
    * `:exclude` - what stays without probes: module names, and paths of files
      or folders relative to the project (`"lib/generated"`, `"lib/**/*_pb.ex"`).

  `ELIXIRSCOPE_ENABLED=0` or `=1` overrules `:enabled` and `:envs`.
  """

  @enforce_keys [:active?]
  defstruct [:active?, exclude: []]

  @type t :: %__MODULE__{active?: boolean, exclude: [String.t() | module]}

  @keys [:enabled, :envs, :exclude]

  @doc """
  Reads the settings from a Mix project's configuration.

  The error is a sentence for the user; it names the key that is wrong.
  """
  @spec read(keyword, atom, String.t() | nil) :: {:ok, t} | {:error, String.t()}
  def read(project, env, override \\ System.get_env("ELIXIRSCOPE_ENABLED")) do
    options = Keyword.get(project, :elixir_scope, [])

    with :ok <- known(options),
         {:ok, enabled} <- value(options, :enabled, true, &is_boolean/1, "true or false"),
         {:ok, envs} <- value(options, :envs, nil, &atoms?/1, "a list of environments"),
         {:ok, exclude} <-
           value(options, :exclude, [], &excludes?/1, "a list of modules and paths"),
         {:ok, override} <- override(override) do
      listed? = if envs, do: env in envs, else: env != :prod
      active? = if is_nil(override), do: enabled and listed?, else: override
      {:ok, %__MODULE__{active?: active?, exclude: exclude}}
    end
  end

  @doc """
  Tells whether a source file, or a module, is left without probes.
  """
  @spec excluded?(t, String.t() | module) :: boolean
  def excluded?(%__MODULE__{exclude: exclude}, module) when is_atom(module),
    do: module in exclude

  def excluded?(%__MODULE__{exclude: exclude}, path) when is_binary(path),
    do: Enum.any?(exclude, &(is_binary(&1) and matches?(&1, path)))

  defp known(options) do
    if Keyword.keyword?(options) do
      case Enum.find(Keyword.keys(options), &(&1 not in @keys)) do
        nil -> :ok
        key -> {:error, "unknown key #{inspect(key)} in elixir_scope of mix.exs" <> suggest(key)}
      end
    else
      {:error, "elixir_scope in mix.exs must be a keyword list, got: #{inspect(options)}"}
    end
  end

  defp suggest(key) do
    near = Enum.max_by(@keys, &similarity(&1, key))

    if similarity(near, key) > 0.7 do
      ", did you mean #{inspect(near)}?"
    else
      ", the known keys are #{Enum.map_join(@keys, ", ", &inspect/1)}"
    end
  end

  defp similarity(a, b), do: String.jaro_distance(Atom.to_string(a), Atom.to_string(b))

  defp value(options, key, default, valid?, wanted) do
    case Keyword.fetch(options, key) do
      :error ->
        {:ok, default}

      {:ok, value} ->
        if valid?.(value),
          do: {:ok, value},
          else:
            {:error,
             "#{inspect(key)} in elixir_scope of mix.exs must be #{wanted}, got: #{inspect(value)}"}
    end
  end

  defp atoms?(value), do: is_list(value) and Enum.all?(value, &is_atom/1)

  defp excludes?(value),
    do: is_list(value) and Enum.all?(value, &(is_atom(&1) or is_binary(&1)))

  defp override(value) when value in [nil, ""], do: {:ok, nil}
  defp override(value) when value in ["1", "true"], do: {:ok, true}
  defp override(value) when value in ["0", "false"], do: {:ok, false}

  defp override(value),
    do: {:error, "ELIXIRSCOPE_ENABLED must be 0 or 1, got: #{inspect(value)}"}

  defp matches?(pattern, path) do
    pattern = String.trim_trailing(pattern, "/")

    path == pattern or String.starts_with?(path, pattern <> "/") or
      Regex.match?(glob(pattern), path)
  end

  defp glob(pattern) do
    source =
      ~r/\*\*\/|\*|\?|[^*?]+/
      |> Regex.scan(pattern)
      |> Enum.map_join(fn
        ["**/"] -> "(?:.*/)?"
        ["*"] -> "[^/]*"
        ["?"] -> "[^/]"
        [text] -> Regex.escape(text)
      end)

    Regex.compile!("\\A#{source}\\z", "u")
  end
end
