defmodule Case do
  def local(fun, args), do: apply(fun, args)
  def remote(module, name, args), do: apply(module, name, args)
  def qualified(module, args), do: Kernel.apply(module, :run, args)
end
