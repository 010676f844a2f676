defmodule Case do
  def always do
    raise "no"
  after
    cleanup()
  end

  def handed_on(fun) do
    fun.()
  rescue
    error ->
      cleanup()
      reraise error, __STACKTRACE__
  after
    cleanup()
  end

  defp cleanup, do: :ok
end
