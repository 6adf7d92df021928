"""Which tokens orders may name: those that the network has, and those that the operator has added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders import checks, gateway, tasks
from orders.models import Order
from tests.localnet_process import free_port_pair
from tests.orders.chain import TestChain, running_chain, use_chain
from tests.orders.rows import DEVNET_USDC, SOL, USDC, order_row

pytestmark = pytest.mark.django_db
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
NO_ACCOUNT = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"


@pytest.fixture
def on_devnet(settings: Any) -> None:
    settings.SOLANA_NETWORK = "devnet"
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    """A chain that plays devnet."""
    with running_chain(tmp_path_factory.mktemp("chain"), "--play", "devnet") as chain:
        yield chain


def listed(client: Client) -> list[tuple[str, str, int]]:
    tokens = client.get("/api/tokens").json()["tokens"]
    return [(token["symbol"], token["mint"], token["decimals"]) for token in tokens]


def place(client: Client, token_in: str, token_out: str) -> Any:
    body = {"tokenIn": token_in, "tokenOut": token_out, "amountIn": "1"}
    return client.post("/api/orders/execute", json.dumps(body), content_type="application/json")


@pytest.mark.usefixtures("on_devnet")
def test_devnet_lists_no_mint_that_only_mainnet_has(client: Client) -> None:
    assert listed(client) == [("SOL", SOL, 9), ("USDC", DEVNET_USDC, 6)]


@pytest.mark.parametrize("network", ["localnet", "mainnet-beta"])
def test_the_other_networks_list_mainnets_mints(client: Client, settings: Any, network: str) -> None:
    settings.SOLANA_NETWORK, settings.SOLANA_RPC_URL = network, f"http://127.0.0.1:{free_port_pair()}"
    assert [symbol for symbol, _, _ in listed(client)] == ["SOL", "USDC", "USDT", "JUP", "BONK"]
    assert ("USDC", USDC, 6) in listed(client)


@pytest.mark.usefixtures("on_devnet")
def test_a_symbol_stands_for_the_mint_of_the_network(client: Client) -> None:
    assert place(client, "sol", "usdc").status_code == 201
    assert (Order.objects.get().token_in, Order.objects.get().token_out) == (SOL, DEVNET_USDC)


@pytest.mark.usefixtures("on_devnet")
@pytest.mark.parametrize("elsewhere", ["JUP", BONK, USDC])
def test_a_token_of_another_network_cannot_be_named(client: Client, elsewhere: str) -> None:
    refusal = place(client, "SOL", elsewhere)
    assert (refusal.status_code, refusal.json()["code"]) == (400, "UNKNOWN_TOKEN")
    assert refusal.json()["details"]["known"] == ["SOL", "USDC"]


@pytest.mark.usefixtures("on_devnet")
def test_the_operator_adds_tokens_and_replaces_them(client: Client, settings: Any) -> None:
    settings.TOKENS = {"TEST": f"{BONK}:5", "USDC": f"{USDC}:6"}
    assert listed(client) == [("SOL", SOL, 9), ("USDC", USDC, 6), ("TEST", BONK, 5)]
    assert place(client, "test", USDC).status_code == 201
    order = Order.objects.get()
    assert (order.token_in, order.amount_in, order.token_out) == (BONK, 100_000, USDC)


@pytest.mark.usefixtures("on_devnet")
def test_an_order_of_another_network_keeps_its_symbols_and_is_found(client: Client) -> None:
    order = order_row(User.objects.create(username="local"), token_in=BONK, amount_in=250_000)
    (shown,) = client.get(f"/api/orders?token={BONK}").json()["results"]
    assert shown["orderId"] == str(order.pk)
    assert (shown["tokenIn"], shown["amountIn"], shown["tokenOut"]) == ("BONK", "2.5", "USDC")


@pytest.mark.parametrize(
    ("tokens", "fault"),
    [
        ({"SOL": f"{BONK}:9"}, "TOKENS: SOL is no symbol"),
        ({"test": f"{BONK}:5"}, "TOKENS: test is no symbol"),
        ({"TEST": "nowhere:5"}, "TOKENS: TEST has no mint address of its own"),
        ({"TEST": f"{SOL}:9"}, "TOKENS: TEST has no mint address of its own"),
        ({"ONE": f"{BONK}:5", "TWO": f"{BONK}:5"}, "TOKENS: TWO has no mint address of its own"),
        ({"TEST": BONK}, "TOKENS: TEST has no decimals"),
        ({"TEST": f"{BONK}:20"}, "TOKENS: TEST has no decimals"),
    ],
)
def test_a_token_that_cannot_be_read_is_an_error_of_the_settings(
    settings: Any, tokens: dict[str, str], fault: str
) -> None:
    settings.SOLANA_NETWORK, settings.TOKENS = "devnet", tokens
    (found,) = checks.network_may_be_traded_on()
    assert (found.id, found.msg.startswith(fault)) == ("orders.E007", True)


def test_nobody_adds_tokens_where_money_is_real(settings: Any) -> None:
    settings.SOLANA_NETWORK, settings.TOKENS = "mainnet-beta", {"TEST": f"{NO_ACCOUNT}:5"}
    assert gateway.token_config_errors() == ["TOKENS is not for mainnet-beta"]
    assert gateway.token_by_mint(NO_ACCOUNT) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{DEVNET_USDC}:9", "TOKENS: TEST has 6 decimals, not 9"),
        (f"{NO_ACCOUNT}:6", f"TOKENS: there is no TEST at {NO_ACCOUNT}"),
        ("Vote111111111111111111111111111111111111111:6", "TOKENS: "),
    ],
)
def test_a_worker_does_not_start_with_a_token_that_is_another_one_on_chain(
    devnet: TestChain, settings: Any, text: str, reason: str
) -> None:
    use_chain(settings, devnet, "devnet")
    settings.TOKENS = {"TEST": text}
    with pytest.raises(SystemExit, match=f"this worker does not start: {reason}"):
        tasks.reconcile()
    (fault,) = checks.node_is_of_the_network()
    assert fault.id == "orders.E008"


def test_a_worker_starts_with_tokens_that_the_chain_confirms(devnet: TestChain, settings: Any) -> None:
    use_chain(settings, devnet, "devnet")
    settings.TOKENS = {"USDC": f"{DEVNET_USDC}:6"}
    tasks.reconcile()
    assert checks.node_is_of_the_network() == []
