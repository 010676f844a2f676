defmodule ElixirScope.Redaction do
  @moduledoc """
  Which values are secrets, and never reach a recording.

  A secret is known by its name: the key of a map, struct or keyword list, the first
  of two elements of a tuple (as in a list of headers), an atom or a text. `:redact`
  in `ElixirScope.start_recording/1` and in `elixir_scope` of `mix.exs` says which:

    * `true` - the usual names (the default);
    * `false` - nothing is a secret;
    * a list - these names too: `[:pin, "*_iban"]`;
    * `[only: list]` - these names instead of the usual ones.

  Names are compared without case and without `_`, `-` and spaces, so that `api_key`
  is `apiKey` and `API-Key` as well. A `*` at the beginning or the end stands for
  anything. The usual names:

      *password*   *passwd*   *passphrase*   *secret*   *token   *api_key
      *access_key   *private_key   *authorization   *cookie   *cookies
      *credential*   *credit_card*   *card_number   cvv   ssn

  Unless it is `false`, arguments in stack traces and in the reasons of exits are
  left out too: they have no names.
  """

  @type t :: boolean | [atom | String.t() | {:only, [atom | String.t()]}]

  @doc """
  Says what is wrong with a setting, if anything is.

      iex> ElixirScope.Redaction.check([:pin, "*_iban"])
      :ok

      iex> ElixirScope.Redaction.check("pin")
      {:error, ~s(must be true, false, or a list of names, got: "pin"; did you mean ["pin"]?)}

  """
  @spec check(term) :: :ok | {:error, String.t()}
  def check(value) when is_boolean(value), do: :ok
  def check(only: names) when is_list(names), do: names(names)
  def check([{key, _}]) when is_atom(key), do: {:error, other_key(key)}
  def check(names) when is_list(names), do: names(names)

  def check(other) do
    one = if name?(other), do: "; did you mean #{inspect([other])}?"
    {:error, "must be true, false, or a list of names, got: #{inspect(other)}#{one}"}
  end

  defp other_key(key) do
    near = ElixirScope.Config.near(key, [:only])
    "may be a list of names or `only: names`, got: #{inspect(key)}#{near}"
  end

  defp names(names) do
    Enum.find_value(names, :ok, fn name ->
      reason = if name?(name), do: pattern(to_string(name)), else: "an atom or a text is a name"
      if reason, do: {:error, "has #{inspect(name)}: #{reason}"}
    end)
  end

  defp name?(name), do: is_binary(name) or (is_atom(name) and name not in [nil, true, false])

  # As `wire::redact` reads it.
  defp pattern(text) do
    inner = text |> String.replace(~r/\A\*|\*\z/, "") |> String.replace(~r/[_\- ]/, "")

    cond do
      not String.valid?(text) -> "a name is valid UTF-8"
      inner =~ "*" -> "a `*` may stand first, last, or both; a name for each is clearer"
      inner == "" -> "nothing is named; write a name, as in :api_key or \"*_token\""
      byte_size(inner) > 255 -> "no name is longer than 255 bytes"
      true -> nil
    end
  end

  @doc """
  One setting for all of these: what is a secret in one of them, is one.
  """
  @spec all([t]) :: t
  def all([]), do: true

  def all(settings) do
    {usual, names} = settings |> Enum.map(&native/1) |> Enum.unzip()

    case {Enum.any?(usual), names |> Enum.concat() |> Enum.uniq()} do
      {usual?, []} -> usual?
      {true, names} -> names
      {false, names} -> [only: names]
    end
  end

  @doc """
  The setting as arguments of the `elixirscope` command.
  """
  @spec arguments(t) :: [String.t()]
  def arguments(setting) do
    {usual?, names} = native(setting)
    if(usual?, do: [], else: ["--redact-only"]) ++ Enum.map(names, &"--redact=#{&1}")
  end

  @doc """
  Whether the usual names count, and which others do.
  """
  @spec native(t) :: {boolean, [String.t()]}
  def native(usual?) when is_boolean(usual?), do: {usual?, []}
  def native(only: names), do: {false, Enum.map(names, &to_string/1)}
  def native(names), do: {true, Enum.map(names, &to_string/1)}
end
