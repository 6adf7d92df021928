"""Reads that wait for the chain hold up neither orders nor each other without a bound."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from knox.models import AuthToken

from tests.factories import UserFactory
from tests.orders.http_line import Answer, http_line

pytestmark = pytest.mark.django_db(transaction=True)
MOST_SLOW = settings.MOST_CHAIN_READS
FIVE_SOL = b'{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"5"}'


@contextmanager
def silent_node() -> Iterator[str]:
    """A node that takes requests and never answers."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            released.wait(60)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    released.set()
    server.shutdown()
    server.server_close()


def test_reads_that_wait_for_a_node_hold_up_no_order(tmp_path: Path) -> None:
    bearer = {"Authorization": f"Bearer {AuthToken.objects.create(UserFactory())[1]}"}
    quote = "/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=1"
    with (
        silent_node() as url,
        http_line(tmp_path, SOLANA_RPC_URL=url, LOG_LEVEL="CRITICAL") as web,
        ThreadPoolExecutor(MOST_SLOW + 8) as clients,
    ):
        asked = [clients.submit(web.call, "GET", quote, bearer) for _ in range(MOST_SLOW + 8)]

        def refused() -> list[Any]:
            return [one.result() for one in asked if one.done() and not one.exception()]

        deadline = time.monotonic() + 9
        while len(refused()) < 8 and time.monotonic() < deadline:
            time.sleep(0.05)
        started = time.monotonic()
        headers = bearer | {"Content-Type": "application/json"}
        placed: Answer = web.call("POST", "/api/orders/execute", headers, FIVE_SOL)
        live = web.call("GET", "/health/live")
        took = time.monotonic() - started
        over = refused()
        for one in asked:
            one.exception()
    assert (placed.status, live.status) == (201, 200)
    assert took < 2
    assert {(one.status, json.loads(one.body)["code"]) for one in over} == {(429, "TOO_MANY_REQUESTS")}
