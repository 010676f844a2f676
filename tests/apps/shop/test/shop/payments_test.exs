defmodule Shop.PaymentsTest do
  use ExUnit.Case, async: true

  alias Shop.{CardError, Ledger, Money, PaymentGateway, Payments, Retry}

  @moduletag :capture_log

  # Each test has a supervisor, a ledger and a gateway of its own.
  setup context do
    [supervisor, ledger, gateway] =
      for part <- ~w(supervisor ledger gateway), do: :"#{part} of #{context.test}"

    start_supervised!({Payments, name: supervisor, ledger: ledger, gateway: gateway})
    %{ledger: ledger, gateway: gateway, supervisor: supervisor}
  end

  defp crash(gateway) do
    pid = Process.whereis(gateway)
    monitor = Process.monitor(pid)
    assert PaymentGateway.charge(gateway, "666-1", Money.new(1)) == {:error, :gateway_down}
    assert_receive {:DOWN, ^monitor, :process, ^pid, reason}
    assert :ok = Retry.poll(fn -> Process.whereis(gateway) not in [nil, pid] end)
    reason
  end

  test "charges are numbered and end up in the ledger", %{gateway: gateway, ledger: ledger} do
    assert PaymentGateway.charge(gateway, "4000-13", Money.new(500)) == {:ok, 1}
    assert PaymentGateway.charge(gateway, "4000-13", Money.new(250)) == {:ok, 2}
    assert PaymentGateway.total(gateway) == 750
    assert Ledger.balance(ledger, :income) == 750
  end

  test "a declined card changes nothing", %{gateway: gateway} do
    assert PaymentGateway.charge(gateway, "4000-00", Money.new(500)) == {:error, :declined}
    assert PaymentGateway.total(gateway) == 0
  end

  test "a poisoned card kills the gateway; the new one knows the total", context do
    %{gateway: gateway, ledger: ledger} = context
    PaymentGateway.charge(gateway, "4000-13", Money.new(500))
    books = Process.whereis(ledger)

    assert {%CardError{card: "666-1", message: "card ***-1 poisoned the gateway"}, stack} =
             crash(gateway)

    assert is_list(stack)
    assert PaymentGateway.total(gateway) == 500
    assert PaymentGateway.charge(gateway, "4000-13", Money.new(1)) == {:ok, 1}
    assert Process.whereis(ledger) == books
  end

  test "the exit reason points at the line that raised", %{gateway: gateway} do
    {%CardError{}, stack} = crash(gateway)
    {PaymentGateway, :authorize!, 1, location} = hd(stack)
    assert {PaymentGateway, :handle_call, 3, _} = Enum.at(stack, 1)

    assert location[:file] == ~c"lib/shop/payment_gateway.ex"
    source = "lib/shop/payment_gateway.ex" |> File.read!() |> String.split("\n")
    assert Enum.at(source, location[:line] - 1) =~ "raise Shop.CardError, card"
  end

  test "the caller's exit names the call", %{gateway: gateway} do
    request = {:charge, "666-1", Money.new(1)}

    assert {{%CardError{}, _}, {GenServer, :call, [^gateway, ^request, 5000]}} =
             catch_exit(GenServer.call(gateway, request))
  end

  test "many crashes in a row do not bring the supervisor down", context do
    %{gateway: gateway, supervisor: supervisor} = context
    pid = Process.whereis(supervisor)
    for _ <- 1..10, do: crash(gateway)
    assert Process.whereis(supervisor) == pid
    assert PaymentGateway.total(gateway) == 0
  end

  test "with the ledger, the gateway goes too (rest_for_one)", context do
    %{gateway: gateway, ledger: ledger} = context
    PaymentGateway.charge(gateway, "4000-13", Money.new(500))
    monitor = gateway |> Process.whereis() |> Process.monitor()
    Process.exit(Process.whereis(ledger), :kill)
    assert_receive {:DOWN, ^monitor, :process, _, :shutdown}
    assert :ok = Retry.poll(fn -> Process.whereis(gateway) end)
    assert PaymentGateway.total(gateway) == 0
  end

  test "without a gateway there is an answer, too" do
    assert PaymentGateway.charge(:no_such_gateway, "4000-13", Money.new(1)) ==
             {:error, :gateway_down}
  end

  test "short cards are not masked" do
    assert CardError.mask("13") == "13"
    assert CardError.mask("€€€€") == "**€€"
  end
end
