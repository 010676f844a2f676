if Code.ensure_loaded?(Jason) do
  defmodule Case.Codec do
    def encode(term), do: Jason.encode(term)
  end
else
  defmodule Case.Codec do
    def encode(term), do: {:ok, inspect(term)}
  end
end

defmodule Case.Chosen do
  if Version.match?(System.version(), "~> 1.13") do
    def shown(x), do: to_string(x)
  else
    def shown(x), do: inspect(x)
  end

  unless Code.ensure_loaded?(Jason), do: def(only(x), do: Case.Codec.encode(x))
end
