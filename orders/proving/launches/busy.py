"""Other orders that keep the engine's queue full: plans whose rounds are all due at the same moments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from orders.client.remote import EngineRefused, RemoteEngine

_EVERY_SECONDS: Final = 10
# Lamports.
_ROUND: Final = 1_000_000
_PLAN: Final[dict[str, Any]] = {"type": "dca", "tokenIn": "SOL", "tokenOut": "USDC"}


@contextmanager
def busy(engine: RemoteEngine, count: int, seconds: float) -> Iterator[None]:
    """Meanwhile ``count`` plans each have a round due every ten seconds, for so many seconds.

    Those that are left at the end are cancelled. Raises EngineRefused, EngineUnreachable.
    """
    rounds = max(2, int(seconds) // _EVERY_SECONDS)
    terms = {"rounds": rounds, "intervalSeconds": _EVERY_SECONDS, "amountInRaw": str(rounds * _ROUND)}
    placed: list[str] = []
    try:
        for _ in range(count):
            body = {**_PLAN, "clientOrderId": f"busy-{uuid4()}", **terms}
            placed.append(engine.place(body)["orderId"])
        yield
    finally:
        for order_id in placed:
            try:
                engine.cancel(order_id)
            except EngineRefused:
                # It has ended by itself.
                continue
