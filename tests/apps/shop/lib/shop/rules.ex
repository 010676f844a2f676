defmodule Shop.Rules do
  @moduledoc """
  A small language for validating structs.

      defmodule Parcel do
        use Shop.Rules, label: "parcel"
        defstruct [:weight]
        rule weight(grams), "must be light", do: grams < 31_500
      end

  `use` defines `validate/1`, which returns `{:ok, struct}` or `{:error, text}`
  with the first rule that does not hold.
  """

  @doc false
  defmacro __using__(options) do
    label = Keyword.get(options, :label, "value")

    quote do
      import Shop.Rules, only: [rule: 3]
      Module.register_attribute(__MODULE__, :rules, accumulate: true)
      @rules_label unquote(label)
      @before_compile Shop.Rules
    end
  end

  @doc "Declares that the body must be truthy for the field named in the head."
  defmacro rule({field, _meta, [variable]}, message, do: body) do
    quote do
      @rules {unquote(field), unquote(message)}
      defp __rule__(unquote(field), unquote(variable)), do: unquote(body)
    end
  end

  @doc false
  defmacro __before_compile__(env) do
    rules = env.module |> Module.get_attribute(:rules) |> Enum.reverse()

    quote do
      @doc "Checks every rule, in the order in which they are written."
      @spec validate(struct()) :: {:ok, struct()} | {:error, String.t()}
      def validate(struct) do
        Shop.Rules.check(struct, @rules_label, unquote(rules), &__rule__/2)
      end
    end
  end

  @doc "Runs `rules` over `struct`; stops at the first broken one."
  @spec check(
          struct(),
          String.t(),
          [{atom(), String.t()}],
          (atom(), term() -> as_boolean(term()))
        ) ::
          {:ok, struct()} | {:error, String.t()}
  def check(struct, _label, [], _fun), do: {:ok, struct}

  def check(struct, label, [{field, message} | rest], fun) do
    if fun.(field, Map.fetch!(struct, field)) do
      check(struct, label, rest, fun)
    else
      {:error, "#{label}: #{field} #{message}"}
    end
  end
end
