"""Two nodes of which one lies, or is broken: no order ends by it, and no price is its alone."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from solders.pubkey import Pubkey

from dex.types import QuoteRequest
from orders import gateway
from orders.gateway.connection import connection
from orders.gateway.quotes import quote_pair
from orders.gateway.tokens import find_token
from orders.lifecycle import Status
from orders.pipeline import settle as settlement
from orders.pipeline import stages
from tests.lying_node import LyingNode, lying_node
from tests.orders.chain import TestChain, eventually
from tests.orders.order_runs import require_each_swapped_once, settle, stored
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
_TOKEN_ACCOUNT = 165


def two_nodes(settings: Any, liar: LyingNode, chain: TestChain) -> None:
    settings.SOLANA_RPC_URL = f"{liar.url},{chain.url}"
    settings.SOLANA_MAX_SLOTS_BEHIND = 1_000_000
    eventually(lambda: {node.state for node in gateway.chain_health().nodes} == {"ok"})


def failed(result: Any) -> Any:
    error = {"InstructionError": [3, {"Custom": 6005}]}
    told = [one and one | {"err": error, "status": {"Err": error}} for one in result["value"]]
    return result | {"value": told}


def failed_there(result: Any) -> Any:
    error = {"InstructionError": [3, {"Custom": 6005}]}
    return result and result | {"meta": result["meta"] | {"err": error, "status": {"Err": error}}}


def with_usdc_vaults(result: Any, amount: Any) -> Any:
    """The accounts of a getMultipleAccounts with another amount in every token account of USDC."""

    def told(entry: Any) -> Any:
        data = base64.b64decode(entry["data"][0]) if entry else b""
        if len(data) != _TOKEN_ACCOUNT or str(Pubkey.from_bytes(data[:32])) != USDC:
            return entry
        before = int.from_bytes(data[64:72], "little")
        data = data[:64] + int(amount(before)).to_bytes(8, "little") + data[72:]
        return entry | {"data": [base64.b64encode(data).decode(), "base64"]}

    return result | {"value": [told(entry) for entry in result["value"]]}


def test_one_node_alone_fails_no_order(user: User, chain: TestChain, settings: Any) -> None:
    with lying_node(chain.url) as liar:
        two_nodes(settings, liar, chain)
        order = order_row(user)
        for stage in (stages.route, stages.build, stages.submit):
            stage([order.pk])
        liar.lies |= {"getSignatureStatuses": failed, "getTransaction": failed_there}
        attempt = order.attempts.get()
        watched = settlement.Watched(
            attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9
        )
        for _ in range(3):
            chain.call("localnet_advance", {"slots": 40})
            assert settlement.settle([watched]) == set()
        assert (stored(order).status, stored(order).attempt) == (Status.SUBMITTED, 1)
        liar.lies.clear()
        settle([order.pk])
    require_each_swapped_once(chain, [order])


def test_prices_of_one_node_alone_are_not_signed(user: User, chain: TestChain, settings: Any) -> None:
    with lying_node(chain.url) as liar:
        two_nodes(settings, liar, chain)
        order = order_row(user)
        liar.lies["getMultipleAccounts"] = lambda result: with_usdc_vaults(result, lambda now: now * 10)
        assert stages.route([order.pk]).onward == []
        waiting = stored(order)
        assert (waiting.status, waiting.waits_for, waiting.retries) == (Status.ROUTING, "node", 0)
        # Without a bound it is the liar's price that counts.
        settings.NODE_PRICE_TOLERANCE_BPS = 10_000
        request = QuoteRequest(find_token("SOL").mint, find_token("USDC").mint, 10**9)
        (lie,) = gateway.quote_swaps([request])
        liar.lies.clear()
        (truth,) = gateway.quote_swaps([request])
    assert lie.quotes[0].amount_out > 9 * truth.quotes[0].amount_out


def test_a_blockhash_lives_as_long_as_any_node_says(chain: TestChain, settings: Any) -> None:
    def short(result: Any) -> Any:
        return result | {"value": result["value"] | {"lastValidBlockHeight": 1}}

    with lying_node(chain.url, getLatestBlockhash=short) as liar:
        for urls in (liar.url, f"{liar.url},{chain.url}"):
            settings.SOLANA_RPC_URL = urls
            height = chain.call("getBlockHeight", {"commitment": "confirmed"})
            latest = connection().run(connection().rpc.latest_blockhash())
            assert latest.last_valid_block_height >= height + 150


def test_more_than_a_record_can_hold_is_no_quote(chain: TestChain, settings: Any) -> None:
    with lying_node(chain.url) as liar:
        settings.SOLANA_RPC_URL = liar.url
        liar.lies["getMultipleAccounts"] = lambda result: with_usdc_vaults(result, lambda _: 2**64 - 1)
        found = quote_pair(find_token("SOL"), find_token("USDC"), 10**17, 50)
        liar.lies["getSlot"] = lambda _: 2**63
        assert not gateway.chain_health().reachable
    assert "AMOUNT_TOO_LARGE" in {error.code for error in found.errors}
    assert all(route.amount_out < 2**63 for route in found.quotes)
