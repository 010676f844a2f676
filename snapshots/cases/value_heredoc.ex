defmodule Case do
  def usage(name) do
    """
    Usage: #{name} [options]

      --help
    """
  end
end
