defmodule Case do
  require Logger
  require Shop.Audit

  def logged(x), do: Logger.info("got #{x}")
  def audited(x), do: Shop.Audit.audit(:paid, receipt: x)

  def own(x) do
    twice(x)
  end

  defmacrop twice(x), do: quote(do: 2 * unquote(x))
end
