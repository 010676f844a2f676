defmodule ElixirScope.Test.Canaries do
  @moduledoc """
  Secrets that no file of a recording may have: a text of its own for each shape in
  which a program passes one.
  """

  defmodule Account do
    @moduledoc false
    defstruct [:id, :password_hash, :settings]
  end

  defmodule Denied do
    @moduledoc false
    defexception [:message, :password]
  end

  @shapes [
    :map,
    :struct,
    :nested_struct,
    :keywords,
    :text_key,
    :header,
    :charlist,
    :long,
    :large_map,
    :exception,
    :clause_error,
    :built_in_error,
    :exit_reason,
    :failed_call,
    :process_state,
    :omitted
  ]

  @doc "The canaries, sorted."
  def all, do: @shapes |> Enum.map(&canary/1) |> Enum.sort()

  @doc "The canaries that the files of `folder` have."
  def found(folder) do
    files = for path <- Path.wildcard(folder <> "/**"), File.regular?(path), do: File.read!(path)

    Enum.filter(all(), fn canary -> Enum.any?(files, &(:binary.match(&1, canary) != :nomatch)) end)
  end

  @doc "Passes each canary to probes, in its shape."
  def pass_all, do: Enum.each(@shapes, &pass(&1, canary(&1)))

  defp canary(shape), do: "canary-of-#{shape}-end"

  defp pass(:map, secret), do: :scope_probe.enter(1, 1, %{password: secret})

  defp pass(:struct, secret), do: :scope_probe.leave(2, {:ok, %Account{password_hash: secret}})

  defp pass(:nested_struct, secret) do
    settings = %{keys: [%{private_key: {:rsa, [secret]}}]}
    :scope_probe.locals(3, [%Account{id: 1, settings: settings}])
  end

  defp pass(:keywords, secret), do: :scope_probe.bind(4, api_key: secret, name: "x")
  defp pass(:text_key, secret), do: :scope_probe.bind(5, %{"user" => %{"password" => secret}})
  defp pass(:header, secret), do: :scope_probe.bind(6, [{"authorization", "Bearer " <> secret}])

  # As bytes, they would be found: each is an integer below 128, some with a tag.
  defp pass(:charlist, secret), do: :scope_probe.bind(7, {:password, [secret]})

  defp pass(:long, secret),
    do: :scope_probe.bind(8, %{secret: secret <> String.duplicate("x", 5000)})

  defp pass(:large_map, secret),
    do: :scope_probe.bind(9, Map.new(1..60, &{&1, [credit_card: secret]}))

  # What does not fit is written before it is left out.
  defp pass(:omitted, secret) do
    filling = for _ <- 1..12, do: String.duplicate("x", 300)
    :scope_probe.bind(10, filling ++ [%{token: secret}] ++ filling)
  end

  defp pass(:exception, secret) do
    raise Denied, message: "denied", password: secret
  rescue
    error -> :scope_probe.caught(11, :error, error, __STACKTRACE__)
  end

  defp pass(:clause_error, secret) do
    only_for_atoms(secret, 1)
  rescue
    error -> :scope_probe.caught(12, :error, error, __STACKTRACE__)
  end

  defp pass(:built_in_error, secret) do
    String.to_integer(secret)
  rescue
    error -> :scope_probe.caught(13, :error, error, __STACKTRACE__)
  end

  defp pass(:exit_reason, secret) do
    gone(fn ->
      :scope_probe.branch(14)
      exit({:shutdown, %{session_token: secret}})
    end)
  end

  defp pass(:failed_call, secret) do
    gone(fn ->
      :scope_probe.branch(15)
      exit({:noproc, {GenServer, :call, [:nobody, {:log_in, secret}, 5000]}})
    end)
  end

  defp pass(:process_state, secret) do
    {:ok, agent} = Agent.start(fn -> :scope_probe.leave(16, %Account{password_hash: secret}) end)
    Agent.stop(agent, {:shutdown, :sys.get_state(agent)})
  end

  defp only_for_atoms(name, _) when is_atom(name), do: name

  # Until the recorder has noted the end.
  defp gone(fun) do
    {_, reference} = spawn_monitor(fn -> fun |> wait_for_recorder() |> apply([]) end)
    receive do: ({:DOWN, ^reference, _, _, _} -> ElixirScope.Recorder.last())
  end

  # A process that ends at once may be gone before it is watched.
  defp wait_for_recorder(fun) do
    :scope_probe.branch(17)
    Process.sleep(20)
    fun
  end
end
