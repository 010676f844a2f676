defmodule Shapes do
  @moduledoc """
  Ways to ask a process and wait for its answer.

  The VM skips the messages that were there before the reference was made, where the
  compiler can follow the reference from the call that makes it to the `receive`.
  """

  @doc "All in one function, as `GenServer.call/2` did it."
  def call(server, request) do
    ref = Process.monitor(server)
    send(server, {:call, {self(), ref}, request})

    receive do
      {^ref, reply} ->
        Process.demonitor(ref, [:flush])
        {:ok, reply}

      {:DOWN, ^ref, _, _, reason} ->
        {:error, reason}
    end
  end

  @doc "With an alias, as `:gen.call/4` does it."
  def aliased(server, request) do
    ref = :erlang.monitor(:process, server, alias: :demonitor)
    send(server, {:call, {ref, ref}, request})

    receive do
      {^ref, reply} ->
        Process.demonitor(ref, [:flush])
        {:ok, reply}

      {:DOWN, ^ref, _, _, reason} ->
        {:error, reason}
    after
      5000 -> exit(:timeout)
    end
  end

  @doc "A bare reference."
  def plain(server, request) do
    ref = make_ref()
    send(server, {:call, {self(), ref}, request})

    receive do
      {^ref, reply} -> reply
    end
  end

  @doc "The reference is made by a function of ours."
  def by_helper(server, request) do
    ref = reference()
    send(server, {:call, {self(), ref}, request})

    receive do
      {^ref, reply} -> reply
    end
  end

  defp reference, do: make_ref()

  @doc "Asking and waiting are two functions."
  def in_two_steps(server, request) do
    ref = send_request(server, request)
    receive_response(ref)
  end

  defp send_request(server, request) do
    ref = Process.monitor(server)
    send(server, {:call, {self(), ref}, request})
    ref
  end

  defp receive_response(ref) do
    receive do
      {^ref, reply} ->
        Process.demonitor(ref, [:flush])
        {:ok, reply}

      {:DOWN, ^ref, _, _, reason} ->
        {:error, reason}
    end
  end

  @doc "Something may fail in between, and is handled."
  def guarded(server, request) do
    ref = Process.monitor(server)

    try do
      send(server, {:call, {self(), ref}, request})

      receive do
        {^ref, reply} -> {:ok, reply}
      end
    after
      Process.demonitor(ref, [:flush])
    end
  end

  @doc "The reference is made in one branch only."
  def on_a_branch(server, request) do
    if request == :never do
      :not_asked
    else
      ref = make_ref()
      send(server, {:call, {self(), ref}, request})
      answer = receive do: ({^ref, reply} -> reply)
      {:answer, answer}
    end
  end
end
