"""The REST endpoints of the market and of operation: without a chain, and with the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from tests.factories import SOL, WALLET, OrderFactory
from tests.localnet_process import free_port_pair
from tests.orders.chain import TestChain, running_chain

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with running_chain(tmp_path_factory.mktemp("chain")) as network:
        yield network


@pytest.fixture
def on_localnet(chain: TestChain, settings: Any) -> None:
    settings.SOLANA_NETWORK, settings.SOLANA_RPC_URL = "localnet", chain.url
    settings.WALLET_ADDRESS = str(chain.wallet.pubkey())


@pytest.fixture
def without_chain(settings: Any) -> None:
    settings.SOLANA_RPC_URL = f"http://127.0.0.1:{free_port_pair()}"
    settings.WALLET_ADDRESS = WALLET


@pytest.mark.usefixtures("on_localnet")
def test_quotes_are_listed_best_first(client: Client) -> None:
    answer = client.get("/api/quotes?tokenIn=SOL&tokenOut=usdc&amount=5&slippageBps=100")

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["tokenIn"], body["tokenOut"], body["amountIn"]) == ("SOL", "USDC", "5")
    assert body["slot"] > 0
    assert body["best"] == body["quotes"][0]
    assert {quote["dex"] for quote in body["quotes"]} >= {"meteora", "raydium"}
    pools = [quote["pool"] for quote in body["quotes"]]
    assert len(set(pools)) == len(pools) >= 4
    outs = [int(quote["amountOutRaw"]) for quote in body["quotes"]]
    assert outs == sorted(outs, reverse=True)
    for quote, out in zip(body["quotes"], outs, strict=True):
        assert int(quote["minAmountOutRaw"]) == -(-out * 9_900 // 10_000)
        assert quote["price"]
        assert quote["fee"]
        assert quote["pool"]


@pytest.mark.usefixtures("on_localnet")
def test_a_minimum_of_few_units_is_rounded_up(client: Client) -> None:
    body = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=0.000000015&slippageBps=1").json()
    assert (body["best"]["amountOutRaw"], body["best"]["minAmountOutRaw"]) == ("2", "2")


@pytest.mark.usefixtures("on_localnet")
@pytest.mark.parametrize(
    ("pair", "amount"),
    [("tokenIn=SOL&tokenOut=USDC", "0.000000001"), ("tokenIn=BONK&tokenOut=USDC", "0.00001")],
)
def test_too_small_an_amount_is_named(client: Client, pair: str, amount: str) -> None:
    answer = client.get(f"/api/quotes?{pair}&amount={amount}")
    assert (answer.status_code, answer.json()["code"]) == (422, "AMOUNT_TOO_SMALL")
    assert {error["code"] for error in answer.json()["details"]["errors"]} == {"AMOUNT_TOO_SMALL"}


@pytest.mark.usefixtures("on_localnet")
def test_tokens_show_what_the_wallet_holds(client: Client, chain: TestChain) -> None:
    body = client.get("/api/tokens").json()

    wallet = str(chain.wallet.pubkey())
    assert (body["wallet"], body["network"]) == (wallet, "localnet")
    sol = next(token for token in body["tokens"] if token["symbol"] == "SOL")
    assert (sol["mint"], sol["decimals"]) == (SOL, 9)
    lamports = chain.call("getBalance", wallet)["value"]
    assert lamports > 0
    assert sol["balanceRaw"] == str(lamports)
    assert Decimal(sol["balance"]) == Decimal(lamports) / 10**9


@pytest.mark.usefixtures("without_chain")
def test_without_a_chain_quotes_are_unavailable_and_tokens_have_no_balances(client: Client) -> None:
    answer = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=5")
    assert (answer.status_code, answer.json()["code"]) == (503, "CHAIN_UNAVAILABLE")
    assert answer.json()["retryable"] is True

    tokens = client.get("/api/tokens")
    assert tokens.status_code == 200
    assert {token["balance"] for token in tokens.json()["tokens"]} == {None}


@pytest.mark.usefixtures("on_localnet")
def test_health_is_ok_with_database_redis_chain_and_a_worker(client: Client, settings: Any) -> None:
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as store:
        store.set("orders:worker:one", "1", ex=15)
    due_at = timezone.now() - timedelta(seconds=42)
    OrderFactory(due_at=due_at)

    answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    checks = answer.json()["checks"]
    overdue = checks.pop("oldestDueOrderSeconds")
    assert 42 <= overdue <= (timezone.now() - due_at).total_seconds()
    assert checks == {
        "database": "ok",
        "acceptance": "ok",
        "redis": "ok",
        "chain": "ok",
        "chainAgeSeconds": 0,
        "workers": 1,
        "trading": "on",
        "transactionsNotTaken": 0,
        "openOrders": 0,
        "pairsWithoutPrice": 0,
        "secondsWithoutPrice": 0,
    }


@pytest.mark.usefixtures("without_chain")
def test_health_is_degraded_without_redis_and_chain(client: Client, redis_server: Any) -> None:
    redis_server.stop()

    answer = client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"] == {
        "database": "ok",
        "acceptance": "ok",
        "redis": "unavailable",
        "chain": "unavailable",
        "chainAgeSeconds": 0,
        "workers": 0,
        "oldestDueOrderSeconds": 0,
        "trading": "on",
        "transactionsNotTaken": 0,
        "openOrders": 0,
        "pairsWithoutPrice": 0,
        "secondsWithoutPrice": 0,
    }


@pytest.mark.usefixtures("without_chain")
def test_health_is_503_when_the_database_takes_no_writes(client: Client, monkeypatch: Any) -> None:
    from django.db import OperationalError
    from django.db.models import QuerySet

    def read_only(*_: Any, **__: Any) -> int:
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(QuerySet, "update", read_only)
    answer = client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert answer.json()["checks"]["database"] == "unavailable"


@pytest.mark.usefixtures("without_chain")
def test_orders_are_accepted_without_redis_and_chain(client: Client, redis_server: Any) -> None:
    redis_server.stop()
    body = '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"5"}'

    assert client.post("/api/orders/execute", body, content_type="application/json").status_code == 201
    assert client.get("/api/orders").status_code == 200


def test_liveness_looks_at_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/health/live").json() == {"status": "ok"}
