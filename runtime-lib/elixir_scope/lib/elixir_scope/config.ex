defmodule ElixirScope.Config do
  @moduledoc """
  What a project says about the step: `elixir_scope: [...]` in its `mix.exs`.

    * `:enabled` - `false` turns the step off (default: `true`);
    * `:envs` - the Mix environments that get probes
      (default: every one but `:prod`);
    * `:strategy` - how much is recorded of each function: `:minimal` its
      boundaries, `:balanced` its branches too, `:full` its values too
      (default: the plan's, else `:minimal`);
    * `:plan` - a plan file, relative to the project: rules for functions, and
      points at which variables are captured;
    * `:exclude` - what stays without probes: module names, and paths of files
      or folders relative to the project (`"lib/generated"`, `"lib/**/*_pb.ex"`);
    * `:deps` - dependencies that get probes too: their names, or `:all` for all
      that were fetched. Their files are called `deps/NAME/lib/...`;
    * `:probe_module` - the module that probes call instead of `:scope_probe`;
    * `:redact` - the names of what is secret; see `ElixirScope.Redaction`.

  A module that says `@compile {:elixir_scope, false}` stays without probes.

  `ELIXIRSCOPE_ENABLED=0` or `=1` overrules `:enabled` and `:envs`;
  `ELIXIRSCOPE_STRATEGY` overrules `:strategy`.
  """

  alias ElixirScope.Redaction

  @enforce_keys [:active?]
  defstruct [
    :active?,
    :strategy,
    :plan,
    exclude: [],
    deps: [],
    probe_module: :scope_probe,
    redact: true
  ]

  @type t :: %__MODULE__{
          active?: boolean,
          strategy: :minimal | :balanced | :full | nil,
          plan: Path.t() | nil,
          exclude: [String.t() | module],
          deps: [atom] | :all,
          probe_module: module,
          redact: Redaction.t()
        }

  @keys [:enabled, :envs, :strategy, :plan, :exclude, :deps, :probe_module, :redact]
  @strategies [:minimal, :balanced, :full]

  @doc """
  Reads the settings from a Mix project's configuration.

  The error is a sentence for the user; it names the key that is wrong.
  """
  @spec read(keyword, atom, %{String.t() => String.t()}) :: {:ok, t} | {:error, String.t()}
  def read(project, env, variables \\ System.get_env()) do
    options = Keyword.get(project, :elixir_scope, [])

    with :ok <- known(options),
         {:ok, enabled} <- value(options, :enabled, true, &is_boolean/1, "true or false"),
         {:ok, envs} <- value(options, :envs, nil, &atoms?/1, "a list of environments"),
         {:ok, exclude} <-
           value(options, :exclude, [], &excludes?/1, "a list of modules and paths"),
         {:ok, strategy} <- strategy(options[:strategy], ":strategy in elixir_scope of mix.exs"),
         {:ok, plan} <- value(options, :plan, nil, &is_binary/1, "the path of a plan file"),
         {:ok, deps} <-
           value(
             options,
             :deps,
             [],
             &(&1 == :all or atoms?(&1)),
             "a list of dependencies, or :all"
           ),
         {:ok, probe_module} <-
           value(options, :probe_module, :scope_probe, &module?/1, "the name of a module"),
         {:ok, redact} <- redact(Keyword.get(options, :redact, true)),
         {:ok, override} <- override(variables["ELIXIRSCOPE_ENABLED"]),
         {:ok, stronger} <- strategy(variables["ELIXIRSCOPE_STRATEGY"], "ELIXIRSCOPE_STRATEGY") do
      listed? = if envs, do: env in envs, else: env != :prod

      {:ok,
       %__MODULE__{
         active?: if(is_nil(override), do: enabled and listed?, else: override),
         strategy: stronger || strategy,
         plan: plan,
         exclude: exclude,
         deps: deps,
         probe_module: probe_module,
         redact: redact
       }}
    end
  end

  @doc """
  The settings as arguments of the `elixirscope` command.
  """
  @spec arguments(t) :: [String.t()]
  def arguments(config) do
    strategy = if config.strategy, do: ["--strategy", Atom.to_string(config.strategy)], else: []
    plan = if config.plan, do: ["--plan", config.plan], else: []

    sink =
      if config.probe_module == :scope_probe,
        do: [],
        else: ["--probe-module", inspect(config.probe_module)]

    # A plan that other applications follow too names what one of them has not.
    shared = if config.deps == [], do: [], else: ["--shared-plan"]

    strategy ++
      plan ++
      sink ++
      shared ++
      Redaction.arguments(config.redact) ++
      Enum.flat_map(config.exclude, &["--exclude", pattern(&1)])
  end

  defp pattern(path) when is_binary(path), do: path
  defp pattern(module), do: inspect(module)

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
        nil ->
          :ok

        key ->
          near =
            near(key, @keys) || ", the known keys are #{Enum.map_join(@keys, ", ", &inspect/1)}"

          {:error, "unknown key #{inspect(key)} in elixir_scope of mix.exs" <> near}
      end
    else
      {:error, "elixir_scope in mix.exs must be a keyword list, got: #{inspect(options)}"}
    end
  end

  @doc """
  `", did you mean ...?"` when one of the names is near, else nothing.
  """
  @spec near(atom | String.t(), [atom]) :: String.t() | nil
  def near(_wrong, []), do: nil

  def near(wrong, names) do
    best = Enum.max_by(names, &similarity(&1, wrong))
    if similarity(best, wrong) > 0.7, do: ", did you mean #{inspect(best)}?"
  end

  defp similarity(a, b), do: String.jaro_distance(to_string(a), to_string(b))

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

  defp module?(value), do: is_atom(value) and value not in [nil, true, false]

  defp strategy(unset, _place) when unset in [nil, ""], do: {:ok, nil}

  defp strategy(value, place) do
    case Enum.find(@strategies, &(value in [&1, Atom.to_string(&1)])) do
      nil ->
        near = if is_atom(value) or is_binary(value), do: near(value, @strategies)
        known = "must be minimal, balanced or full, got: #{inspect(value)}"
        {:error, "#{place} #{known}#{near}"}

      strategy ->
        {:ok, strategy}
    end
  end

  defp redact(value) do
    case Redaction.check(value) do
      :ok -> {:ok, value}
      {:error, reason} -> {:error, ":redact in elixir_scope of mix.exs #{reason}"}
    end
  end

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
