defmodule Shop.About do
  @moduledoc "Where the shop's own source is: support asks for it first."

  @external_resource Path.join(__DIR__, "../../README.md")
  @title @external_resource |> hd() |> File.stream!() |> Enum.at(0) |> String.trim_leading("# ")

  @doc "The name of the shop, from its README."
  @spec title() :: String.t()
  def title, do: String.trim(@title)

  @doc "This module, this function, and their place in the source."
  @spec here() :: %{
          module: module(),
          file: Path.t(),
          dir: Path.t(),
          function: tuple(),
          line: pos_integer()
        }
  def here do
    %{
      module: __MODULE__,
      file: __ENV__.file,
      dir: __DIR__,
      function: __ENV__.function,
      line: __ENV__.line
    }
  end

  @doc "The place of a function of ours, as its first stack frame tells it."
  @spec trail() :: [{module(), atom(), arity(), keyword()}]
  def trail do
    raise "where am I?"
  rescue
    RuntimeError -> __STACKTRACE__
  end
end
