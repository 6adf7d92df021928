"""One connection a process, anyone who asks first."""

from __future__ import annotations

import threading

from orders.gateway.connection import Connection, connection


def test_threads_that_ask_at_once_share_one_connection(settings: object) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1/shared-by-threads"  # type: ignore[attr-defined]
    start = threading.Barrier(16, timeout=60)
    found: list[Connection] = []

    def ask() -> None:
        start.wait()
        found.append(connection())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 16
    assert len(set(map(id, found))) == 1
