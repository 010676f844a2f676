defmodule :scope_probe do
  @moduledoc """
  What an inserted probe calls, while nothing is recorded: constants.

  `ElixirScope.Gate` loads another module of this name while a recording runs;
  its functions give the same values and write an event each. A bare atom names
  it, since no alias or import of a program can change what that means.

  The first argument is the node id: 59 bits that the node map resolves. Where a plan sets
  limits of what a probe passes, they stand beside it.
  """

  @typedoc "A node id of the node map."
  @type id :: non_neg_integer

  @typedoc """
  An id alone, or with limits of the values that are passed: depth, items, bytes of a
  binary, bytes of all; 0 leaves one to the recording.
  """
  @type site ::
          id
          | {id, non_neg_integer, non_neg_integer, non_neg_integer, non_neg_integer}

  for arity <- 1..11 do
    arguments = Macro.generate_unique_arguments(arity, __MODULE__)

    @doc "A clause body is entered, with these arguments."
    @spec enter(unquote_splicing(Enum.map(1..arity, fn _ -> quote(do: term) end))) :: :ok
    def enter(unquote_splicing(Enum.map(arguments, fn _ -> quote(do: _) end))), do: :ok

    @doc "These variables have these values."
    @spec locals(unquote_splicing(Enum.map(1..arity, fn _ -> quote(do: term) end))) :: :ok
    def locals(unquote_splicing(Enum.map(arguments, fn _ -> quote(do: _) end))), do: :ok
  end

  @doc "A clause of a branching form is taken; `nil` is what an empty one yields."
  @spec branch(id) :: nil
  def branch(_id), do: nil

  @doc "A handler caught."
  @spec caught(site, atom, term, list) :: :ok
  def caught(_id, _kind, _reason, _stacktrace), do: :ok

  @doc "A body without a value ends."
  @spec leave(id) :: nil
  def leave(_id), do: nil

  @doc "A body ends with this value."
  @spec leave(site, value) :: value when value: term
  def leave(_id, value), do: value

  @doc "The user's own mark: a name and a value."
  @spec mark(0, term, term) :: :ok
  def mark(_id, _name, _value), do: :ok

  @doc "A body ends with this value if it is `nil` or `false`; else it goes on."
  @spec leave_falsy(site, value) :: value when value: term
  def leave_falsy(_id, value), do: value

  @doc "A body ends with this value unless it is `nil` or `false`; else it goes on."
  @spec leave_truthy(site, value) :: value when value: term
  def leave_truthy(_id, value), do: value

  @doc "An expression has this value."
  @spec bind(site, value) :: value when value: term
  def bind(_id, value), do: value

  @doc "A body ends with a tail call."
  @spec tail(id) :: :ok
  def tail(_id), do: :ok

  @doc "A body ends with a tail call, whose last evaluated argument this is."
  @spec tail(id, value) :: value when value: term
  def tail(_id, value), do: value
end
