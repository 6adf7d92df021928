"""An order whose transaction goes through a block engine: here a server that checks, and forwards."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User

from dex.rpc.jito import TIP_ACCOUNTS, tip_account
from orders import checks, gateway
from orders.models import Order
from orders.pipeline import settle, stages
from orders.pipeline.settle import Watched
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import order_row

TIP = 25_000


class BlockEngine(ThreadingHTTPServer):
    """Takes what Jito takes, and hands it to a node."""

    daemon_threads = True

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = node
        self.taken: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v1/transactions"


class _Handler(BaseHTTPRequestHandler):
    server: BlockEngine

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text, options = body["params"]
        ok = self.path == "/api/v1/transactions" and body["method"] == "sendTransaction"
        assert ok, body
        assert options == {"encoding": "base64"}, body
        self.server.taken.append(base64.b64decode(text, validate=True))
        forwarded = body | {"params": [text, {"encoding": "base64", "skipPreflight": True}]}
        answer = httpx2.post(self.server.node, json=forwarded).content
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """The test's output is not for this."""


@contextmanager
def block_engine(node: str) -> Iterator[BlockEngine]:
    engine = BlockEngine(node)
    thread = threading.Thread(target=engine.serve_forever, daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.shutdown()
        engine.server_close()
        thread.join(5)


def balance(chain: TestChain, account: object) -> int:
    return int(chain.call("getBalance", str(account), {"commitment": "confirmed"})["value"])


@pytest.mark.django_db
def test_the_block_engine_gets_the_same_bytes_and_the_order_tips_once(
    user: User, chain: TestChain, settings: Any
) -> None:
    for account in TIP_ACCOUNTS:
        chain.call("requestAirdrop", str(account), 10**9)
    eventually(lambda: all(balance(chain, account) == 10**9 for account in TIP_ACCOUNTS))
    with block_engine(chain.url) as engine:
        settings.JITO_URL, settings.JITO_TIP_LAMPORTS = engine.url, TIP
        order = order_row(user)
        stages.route([order.pk])
        stages.build([order.pk])
        stages.submit([order.pk])
        attempt = order.attempts.get()
        eventually(lambda: engine.taken)
        watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
        eventually(lambda: settle.settle(watched))
    assert engine.taken == [bytes(attempt.signed_transaction)]
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    tipped = {account: balance(chain, account) - 10**9 for account in TIP_ACCOUNTS}
    mine = tip_account(f"order {order.pk} attempt 1")
    assert tipped == {account: TIP if account == mine else 0 for account in TIP_ACCOUNTS}
    assert len(chain.swaps_of_wallet()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("with_tip", [True, False])
def test_a_sniper_pays_either_a_tip_or_the_most(
    user: User, chain: TestChain, settings: Any, with_tip: bool
) -> None:
    for account in TIP_ACCOUNTS:
        chain.call("requestAirdrop", str(account), 10**9)
    eventually(lambda: all(balance(chain, account) == 10**9 for account in TIP_ACCOUNTS))
    settings.PRIORITY_FEE, settings.SNIPER_PRIORITY_FEE = "auto", "max"
    settings.MAX_PRIORITY_FEE_LAMPORTS = 50_000
    if with_tip:
        settings.JITO_URL, settings.JITO_TIP_LAMPORTS = "http://127.0.0.1:9/api/v1/transactions", TIP
    order = order_row(user, type="sniper")
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]
    attempt = order.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
    eventually(lambda: settle.settle(watched))
    attempt.refresh_from_db()
    tipped = sum(balance(chain, account) - 10**9 for account in TIP_ACCOUNTS)
    assert (attempt.state, attempt.tip, tipped) == ("landed", TIP if with_tip else 0, TIP * with_tip)
    # As much as the ceiling leaves for the units of this swap, to one unit's price.
    assert attempt.priority_fee == 0 if with_tip else 49_000 < attempt.priority_fee <= 50_000


@pytest.mark.django_db
def test_a_block_engine_that_is_away_holds_nothing_up(user: User, chain: TestChain, settings: Any) -> None:
    for account in TIP_ACCOUNTS:
        chain.call("requestAirdrop", str(account), 10**9)
    settings.JITO_URL, settings.JITO_TIP_LAMPORTS = "http://127.0.0.1:9/api/v1/transactions", TIP
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk]
    attempt = order.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
    eventually(lambda: settle.settle(watched))
    assert Order.objects.get(pk=order.pk).status == "confirmed"


@pytest.mark.parametrize(
    ("url", "tip", "faults"),
    [
        ("", 0, 0),
        ("", 1_000, 1),
        ("https://jito.example", 0, 1),
        ("https://jito.example", 999, 1),
        ("https://jito.example", 1_000, 0),
        ("https://jito.example", 100_000_001, 1),
        ("https://jito.example", 10_000_001, 1),
        ("ftp://jito.example", 1_000, 1),
        ("http://jito.example", 1_000, 1),
        ("http://127.0.0.1:9", 1_000, 0),
    ],
)
def test_a_tip_needs_an_address_and_an_address_a_tip(settings: Any, url: str, tip: int, faults: int) -> None:
    settings.JITO_URL, settings.JITO_TIP_LAMPORTS = url, tip
    assert [error.id for error in checks.the_priority_fee_can_be_read()] == ["orders.E030"] * faults
