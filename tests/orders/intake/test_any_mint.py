"""Orders of mints that no list has: looked up once, checked, kept, and swapped by their own decimals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from solders.pubkey import Pubkey

from dex.localnet.genesis_tokens import FEE_TOKEN
from orders import checks, gateway
from orders.amounts import to_base_units
from orders.models import Mint, Order
from tests.localnet_process import free_port_pair
from tests.orders import mints
from tests.orders.chain import TestChain, running_chain, use_chain
from tests.orders.order_runs import carry_out
from tests.orders.rest import refused
from tests.orders.rows import SOL, USDC

pytestmark = pytest.mark.django_db

SOMEBODY = bytes(range(32))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with running_chain(tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture
def chain(network: TestChain, settings: Any) -> TestChain:
    use_chain(settings, network)
    return network


def place(client: Client, token_in: str, token_out: str, amount: str = "1") -> Any:
    body = {"tokenIn": token_in, "tokenOut": token_out, "amountIn": amount}
    return client.post("/api/orders/execute", json.dumps(body), content_type="application/json")


def executed(client: Client, token_in: str, token_out: str, amount: str) -> dict[str, Any]:
    """The order as it is answered once it has been carried out."""
    order_id = place(client, token_in, token_out, amount).json()["orderId"]
    carry_out([Order.objects.get(pk=order_id).pk])
    answer: dict[str, Any] = client.get(f"/api/orders/{order_id}").json()
    return answer


@pytest.mark.parametrize(
    ("decimals", "price", "bought"),
    [(0, (1, 10**6), "997"), (12, (10**4, 1), "9.97498")],
)
def test_tokens_of_0_and_of_12_decimals_are_bought_and_sold(
    client: Client, chain: TestChain, decimals: int, price: tuple[int, int], bought: str
) -> None:
    token = mints.new_token(decimals)
    mints.put_mint(chain, token)
    mints.put_pool(chain, token, price)
    mint = str(token.mint)

    order = executed(client, "SOL", mint, "1")
    assert (order["status"], order["tokenOut"], order["tokenOutMint"]) == ("confirmed", mint, mint)
    assert order["executedAmountOut"].startswith(bought)
    assert order["executedAmountOutRaw"] == str(to_base_units(Decimal(order["executedAmountOut"]), decimals))
    sold = order["executedAmountOut"]

    back = executed(client, mint, "SOL", sold)
    assert (back["status"], back["amountIn"], back["amountInRaw"]) == (
        *("confirmed", sold),
        order["executedAmountOutRaw"],
    )
    assert Decimal("0.99") < Decimal(back["executedAmountOut"]) < 1


def test_an_amount_has_no_more_decimals_than_the_mint(client: Client, chain: TestChain) -> None:
    token = mints.new_token(0)
    mints.put_mint(chain, token)
    refusal = refused(place(client, str(token.mint), "SOL", "1.5"), 400, "INVALID_AMOUNT")
    assert refusal["details"] == {"decimals": 0}
    assert place(client, str(token.mint), "SOL", "2").json()["amountInRaw"] == "2"


def test_a_mint_is_read_from_the_chain_once(client: Client, chain: TestChain, settings: Any) -> None:
    token = mints.new_token(3)
    mints.put_mint(chain, token)
    mints.put_metadata(chain, token.mint, "USDC", "USD Coin\u202e")
    assert place(client, "SOL", str(token.mint)).status_code == 201

    row = Mint.objects.get()
    assert (row.network, row.address, row.decimals) == ("localnet", str(token.mint), 3)
    assert (row.symbol, row.name, row.mint_authority) == ("USDC", "USD Coin", str(chain.wallet.pubkey()))
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    assert place(client, str(token.mint), "SOL", "0.004").json()["amountInRaw"] == "4"
    assert place(client, "SOL", "USDC").json()["tokenOutMint"] == USDC


def test_a_kept_mint_is_known_to_a_process_that_has_not_read_it(
    client: Client, chain: TestChain, settings: Any
) -> None:
    address = str(mints.new_token(4).mint)
    Mint.objects.create(
        network="localnet", address=address, program=SOL, decimals=4, read_at="2026-11-30T00:00:00Z"
    )
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    assert gateway.decimals_of(address) == 4
    found = gateway.named_token(address)
    assert (found.symbol, found.decimals, found.verified) == (address, 4, False)


def test_a_token_2022_mint_tells_its_own_name(client: Client, chain: TestChain) -> None:
    assert place(client, "SOL", str(FEE_TOKEN.mint)).json()["tokenOut"] == str(FEE_TOKEN.mint)
    row = Mint.objects.get()
    assert (row.symbol, row.name) == ("LFEE", "Localnet transfer fee")
    assert row.extensions == ["TransferFeeConfig", "MetadataPointer", "TokenMetadata"]
    refused(place(client, "SOL", "LFEE"), 400, "UNKNOWN_TOKEN")


@pytest.mark.parametrize(
    ("kind", "record", "danger"),
    [
        (14, SOMEBODY + SOMEBODY, "TRANSFER_HOOK"),
        (12, SOMEBODY, "PERMANENT_DELEGATE"),
        (6, b"\x02", "DEFAULT_FROZEN"),
        (9, b"", "NON_TRANSFERABLE"),
        (24, bytes(196), "CONFIDENTIAL_ONLY"),
        (26, SOMEBODY + b"\x01", "PAUSED"),
    ],
)
def test_what_cannot_be_swapped_safely_is_refused_by_name(
    client: Client, chain: TestChain, settings: Any, kind: int, record: bytes, danger: str
) -> None:
    token = mints.new_token(6)
    mints.put_mint_2022(chain, token, [(kind, record)])
    refusal = refused(place(client, "SOL", str(token.mint)), 422, "TOKEN_REFUSED")
    assert refusal["details"] == {"token": str(token.mint), "reasons": [danger]}
    assert not Order.objects.exists()

    settings.ALLOWED_TOKEN_DANGERS = [danger]
    assert place(client, "SOL", str(token.mint)).status_code == 201


@pytest.mark.parametrize(
    ("kind", "record"), [(14, SOMEBODY + bytes(32)), (12, bytes(32)), (6, b"\x01"), (26, SOMEBODY + b"\0")]
)
def test_an_extension_that_does_nothing_now_is_no_danger(
    client: Client, chain: TestChain, kind: int, record: bytes
) -> None:
    token = mints.new_token(6)
    mints.put_mint_2022(chain, token, [(kind, record)])
    assert place(client, "SOL", str(token.mint)).status_code == 201


def test_an_address_that_is_no_mint_is_no_token(client: Client, chain: TestChain) -> None:
    for address in (str(mints.new_token(6).mint), str(chain.wallet.pubkey())):
        refusal = refused(place(client, "SOL", address), 400, "UNKNOWN_TOKEN")
        assert refusal["details"] == {"mint": address}
    assert not Mint.objects.exists()


def test_a_new_mint_needs_a_node_and_can_be_asked_for_again(client: Client, chain: TestChain) -> None:
    token = mints.new_token(6)
    mints.put_mint(chain, token)
    chain.fault("getMultipleAccounts", "busy", count=50)
    refusal = refused(place(client, "SOL", str(token.mint)), 503, "CHAIN_UNAVAILABLE")
    assert refusal["retryable"] is True
    chain.call("localnet_resetFaults")
    assert place(client, "SOL", str(token.mint)).status_code == 201


def test_a_batch_reads_all_its_new_mints_together(client: Client, chain: TestChain) -> None:
    tokens = [mints.new_token(2), mints.new_token(3)]
    for token in tokens:
        mints.put_mint(chain, token)
    nowhere = str(Pubkey.new_unique())
    names = [*(str(token.mint) for token in tokens), nowhere]
    orders = [{"tokenIn": name, "tokenOut": "SOL", "amountIn": "1"} for name in names]
    body = json.dumps({"orders": orders})
    results = client.post("/api/orders/batch", body, content_type="application/json").json()["results"]
    assert [result["status"] for result in results] == [201, 201, 400]
    assert [result["order"]["amountInRaw"] for result in results[:2]] == ["100", "1000"]


def test_quotes_are_given_for_a_mint_of_no_list(client: Client, chain: TestChain) -> None:
    body = client.get(f"/api/quotes?tokenIn=SOL&tokenOut={FEE_TOKEN.mint}&amount=1").json()
    assert body["tokenOut"] == str(FEE_TOKEN.mint)
    assert int(body["best"]["amountOutRaw"]) > 0


def test_orders_are_found_by_a_mint_of_no_list(client: Client, chain: TestChain) -> None:
    order_id = place(client, "SOL", str(FEE_TOKEN.mint)).json()["orderId"]
    found = client.get(f"/api/orders?token={FEE_TOKEN.mint}").json()["results"]
    assert [order["orderId"] for order in found] == [order_id]


def test_only_dangers_that_there_are_can_be_allowed(settings: Any) -> None:
    settings.ALLOWED_TOKEN_DANGERS = ["PAUSED", "paused"]
    (fault,) = checks.dangers_of_tokens_have_known_names()
    assert (fault.id, fault.msg.startswith("ALLOWED_TOKEN_DANGERS: paused is none of ")) == (
        "orders.E031",
        True,
    )


def test_an_order_shows_what_its_token_keeps_of_the_transfers(client: Client, chain: TestChain) -> None:
    mint = str(FEE_TOKEN.mint)
    bought = executed(client, "SOL", mint, "1")
    received = int(bought["executedAmountOutRaw"])
    fee = int(Decimal(bought["fees"]["transferOut"]).scaleb(6))
    # 50 bps of what the pool paid, rounded up.
    assert fee == -(-(received + fee) * 50 // 10_000)
    assert "transferIn" not in bought["fees"]
    assert bought["route"][0]["legs"][-1]["transferFeeOut"] == bought["fees"]["transferOut"]

    sold = executed(client, mint, "SOL", "10")
    assert (sold["fees"]["transferIn"], "transferOut" in sold["fees"]) == ("0.05", False)


def test_quotes_name_the_fee_of_a_transfer(client: Client, chain: TestChain) -> None:
    body = client.get(f"/api/quotes?tokenIn={FEE_TOKEN.mint}&tokenOut=SOL&amount=100").json()
    assert body["best"]["route"][0]["legs"][0]["transferFeeIn"] == "0.5"
