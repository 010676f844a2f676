defmodule ElixirScope.Test.Probes do
  @moduledoc """
  Calls of every probe, and what they give back.
  """
  import ExUnit.Assertions

  @doc "The functions of `:scope_probe`, as loaded now."
  def exported,
    do: :scope_probe.module_info(:exports) -- [__info__: 1, module_info: 0, module_info: 1]

  @doc "Calls of every probe with each of these node ids, and values of many kinds."
  def calls(ids) do
    values = [nil, false, true, :ok, 0, [], "", {:error, make_ref()}, %{a: 1}, self()]

    for {name, arity} <- ElixirScope.Native.probes(), id <- ids, value <- values, uniq: true do
      {name, [id | List.duplicate(value, arity - 1)]}
    end
  end

  @doc "Does the calls; each must give what it should."
  def check!(calls) do
    for {name, arguments} <- calls do
      assert apply(:scope_probe, name, arguments) === value(name, arguments)
    end
  end

  @doc "What a probe gives back, by the documentation of `:scope_probe`."
  def value(name, _) when name in [:enter, :locals, :caught, :mark], do: :ok
  def value(name, [_]) when name in [:leave, :branch], do: nil
  def value(:tail, [_]), do: :ok
  def value(_, [_, value]), do: value
end
