defmodule Shop.LedgerTest do
  use ExUnit.Case, async: true

  alias Shop.Ledger

  setup do
    %{ledger: start_supervised!({Ledger, name: nil})}
  end

  test "postings add up per account", %{ledger: ledger} do
    for {account, cents} <- [till: 100, till: -30, bank: 7],
        do: Ledger.post(ledger, account, cents)

    assert Ledger.balance(ledger, :till) == 70
    assert Ledger.balance(ledger, :bank) == 7
    assert Ledger.balance(ledger, :nowhere) == 0
  end

  test "the report knows all balances and the latest postings", %{ledger: ledger} do
    Enum.each(1..8, &Ledger.post(ledger, "a", &1))

    assert Ledger.report(ledger) == %{
             balances: %{"a" => 36},
             count: 8,
             recent: [{"a", 8}, {"a", 7}, {"a", 6}, {"a", 5}, {"a", 4}]
           }
  end

  test "a transfer moves all or nothing", %{ledger: ledger} do
    Ledger.post(ledger, :till, 50)
    assert Ledger.transfer(ledger, :till, :bank, 80) == {:error, :insufficient}
    assert Ledger.balance(ledger, :till) == 50
    assert Ledger.transfer(ledger, :till, :bank, 50) == :ok
    assert Ledger.balance(ledger, :till) == 0
    assert Ledger.balance(ledger, :bank) == 50
  end

  test "the client takes its own answer out of a full mailbox", %{ledger: ledger} do
    for i <- 1..100, do: send(self(), {:noise, i})
    send(self(), {make_ref(), :no_answer_of_yours})
    assert Ledger.balance(ledger, :till) == 0
    assert {:message_queue_len, 101} = Process.info(self(), :message_queue_len)
    assert_received {:noise, 1}
  end

  test "unknown messages are ignored", %{ledger: ledger} do
    send(ledger, :hello)
    send(ledger, {:post, :till})
    assert Ledger.ping(ledger) == :pong
    assert Ledger.report(ledger).count == 0
  end

  test "a dead ledger makes the caller exit, and is not there for a ping", %{ledger: ledger} do
    stop_supervised!(Ledger)
    refute Process.alive?(ledger)

    assert catch_exit(Ledger.balance(ledger, :till)) ==
             {:noproc, {Ledger, :call, [ledger, {:balance, :till}]}}

    assert Ledger.ping(ledger, 1) == :pang
  end

  test "it is a special process: :sys can look into it", %{ledger: ledger} do
    Ledger.post(ledger, :till, 3)
    assert %{balances: %{till: 3}, count: 1} = :sys.get_state(ledger)
    :sys.replace_state(ledger, fn state -> %{state | balances: %{till: 4}} end)
    assert Ledger.balance(ledger, :till) == 4
  end

  test "suspended, it answers later", %{ledger: ledger} do
    :ok = :sys.suspend(ledger)
    Ledger.post(ledger, :till, 1)
    assert Ledger.ping(ledger, 10) == :pang
    :ok = :sys.resume(ledger)
    assert Ledger.balance(ledger, :till) == 1
  end

  test "it keeps answering after a hundred thousand messages", %{ledger: ledger} do
    Enum.each(1..100_000, &Ledger.post(ledger, :sum, &1))
    assert Ledger.balance(ledger, :sum) == 5_000_050_000
  end
end
