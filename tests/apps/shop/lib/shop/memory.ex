defmodule Shop.Memory do
  @moduledoc """
  How much memory a loop needs at its worst.

  A loop whose calls are tail calls stays flat, however long it runs; one stack
  frame per turn would show as megabytes.
  """

  alias Shop.{Feed, Ledger}

  # Words.
  @room 10_000

  @doc "Peak memory, in bytes, of a process that parses a feed of `n` prices."
  @spec peak_parse(non_neg_integer()) :: pos_integer()
  def peak_parse(n) do
    feed = Feed.sample(n)

    peak(fn ->
      {:ok, %{count: ^n}} = Feed.Parser.summary(feed)
    end)
  end

  @doc """
  Peak memory, in bytes, of a ledger that receives `n` postings.

  They arrive in batches, and the next one is sent when the ledger is done with
  the last: the mailbox stays small, so what grows can only be the loop.
  """
  @spec peak_loop(non_neg_integer()) :: pos_integer()
  def peak_loop(n) do
    {:ok, ledger} = Ledger.start_link(name: nil)

    try do
      post(ledger, n, memory(ledger))
    after
      Process.unlink(ledger)
      Process.exit(ledger, :kill)
    end
  end

  @doc """
  Runs `fun` in a process of its own and returns that process's peak memory.

  A sampler looks at the process all the time. The process also looks at itself
  when it is done: its heap does not shrink in between, so a single deep
  recursion cannot slip through the sampler's fingers.

  It has room for the garbage of some turns, and no heap for what survived two
  collections: what these find when they happen to come is no cost of a loop.
  """
  @spec peak((() -> term())) :: pos_integer()
  def peak(fun) do
    task =
      Task.async(fn ->
        Process.flag(:min_heap_size, @room)
        Process.flag(:fullsweep_after, 0)
        :erlang.garbage_collect()
        fun.()
        memory(self())
      end)

    sampler = Task.async(fn -> sample(task.pid, 0) end)
    own = Task.await(task, :infinity)
    max(own, Task.await(sampler, :infinity))
  end

  @batch 20

  defp post(ledger, 0, peak), do: max(peak, memory(ledger))

  defp post(ledger, n, peak) do
    batch = min(n, @batch)
    Enum.each(1..batch, fn i -> Ledger.post(ledger, :loop, i) end)
    # The answer comes after the whole batch has been worked off.
    _balance = Ledger.balance(ledger, :loop)
    post(ledger, n - batch, max(peak, memory(ledger)))
  end

  defp sample(pid, peak) do
    case Process.info(pid, :memory) do
      {:memory, bytes} ->
        Process.sleep(1)
        sample(pid, max(peak, bytes))

      nil ->
        peak
    end
  end

  defp memory(pid) do
    {:memory, bytes} = Process.info(pid, :memory)
    bytes
  end
end
