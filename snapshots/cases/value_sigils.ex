defmodule Case do
  def words, do: ~w(a b c)a
  def pattern, do: ~r/^a+$/i

  def page do
    ~S"""
    no #{interpolation}
    """
  end
end
