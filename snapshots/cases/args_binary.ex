defmodule Case do
  def header(<<version, size::16, _flags::8, body::binary>>) do
    {version, size, body}
  end

  def greeted("hello " <> name), do: name
end
