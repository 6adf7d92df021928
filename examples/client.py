"""A client of the order execution engine, REST and WebSocket, in one file.

    .venv/bin/python examples/client.py SOL USDC 1.5

places an order at ENGINE_URL (http://127.0.0.1:8000) with ENGINE_TOKEN, where one is needed, and
prints its steps. It wants Python 3.11 or newer with httpx2 and websockets; `.venv` has both, once
`script/server` or `script/bootstrap` has run. Amounts are decimal text in whole tokens, never a float.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NotRequired, Self, TypedDict

import httpx2
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

FINAL = frozenset({"confirmed", "failed", "cancelled", "expired"})
Status = Literal[
    "pending", "open", "routing", "building", "submitted", "confirmed", "failed", "cancelled", "expired"
]


class OrderUpdate(TypedDict):
    """One step of an order as every stream sends it; what a step knows is in it, the rest is absent."""

    type: str
    orderId: str
    sequence: int
    status: Status
    at: str
    dex: NotRequired[str]
    txHash: NotRequired[str]
    executedPrice: NotRequired[str]
    code: NotRequired[str]
    error: NotRequired[str]
    retryInMs: NotRequired[int]
    requestId: NotRequired[str]


class EngineError(Exception):
    """A refusal: a stable ``code``, whether asking again can help, and after how many seconds."""

    def __init__(self, answer: dict[str, Any], retry_after: int | None = None) -> None:
        super().__init__(answer.get("message", "the engine gave no reason"))
        self.code: str = answer.get("code", "UNKNOWN")
        self.retryable: bool = answer.get("retryable", False)
        self.details: dict[str, Any] = answer.get("details", {})
        self.retry_after = retry_after


class EngineClient:
    """One engine at a base URL. ``token`` comes from `manage.py create_token`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=30)
        self._socket_url = "ws" + url.removeprefix("http").rstrip("/")
        self._subprotocols = [Subprotocol("bearer"), Subprotocol(token)] if token else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def health(self) -> dict[str, Any]:
        """The engine's own view of its parts; also when it is not well."""
        answer: dict[str, Any] = self._http.get("/health").json()
        return answer

    def quotes(self, token_in: str, token_out: str, amount: str) -> dict[str, Any]:
        """What every venue would pay now, best first."""
        query = {"tokenIn": token_in, "tokenOut": token_out, "amount": amount}
        return self._ask("GET", "/api/quotes", params=query)

    def execute(
        self, token_in: str, token_out: str, amount_in: str, *, key: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Place an order; with a ``key`` it may be sent again after a lost answer without trading twice."""
        body = {"tokenIn": token_in, "tokenOut": token_out, "amountIn": amount_in, **fields}
        headers = {"Idempotency-Key": key} if key else {}
        return self._ask("POST", "/api/orders/execute", json=body, headers=headers)

    def order(self, order_id: str) -> dict[str, Any]:
        """One order with its attempts and events."""
        return self._ask("GET", f"/api/orders/{order_id}")

    def orders(self, **filters: str | int) -> Iterator[dict[str, Any]]:
        """All orders that fit, newest first, page after page."""
        page = self._ask("GET", "/api/orders", params=filters)
        while True:
            yield from page["results"]
            if page["next"] is None:
                return
            page = self._ask("GET", page["next"])

    def cancel(self, order_id: str) -> dict[str, Any]:
        """Cancel an order that no worker has begun."""
        return self._ask("POST", f"/api/orders/{order_id}/cancel")

    def follow(self, order_id: str, after: int = 0) -> Iterator[OrderUpdate]:
        """The steps of an order behind sequence ``after``, to its end; the server then closes."""
        with self.socket(f"/ws/orders/{order_id}?after={after}") as connection:
            yield from updates(connection)

    @contextmanager
    def socket(self, path: str = "/api/orders/ws") -> Iterator[ClientConnection]:
        """A WebSocket: the feed of all own orders, or `/api/orders/connect` to place orders over it."""
        with connect(self._socket_url + path, subprotocols=self._subprotocols) as connection:
            yield connection

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        response = self._http.request(method, path, **request)
        answer: dict[str, Any] = response.json()
        if response.is_success:
            return answer
        wait = response.headers.get("Retry-After")
        raise EngineError(answer, int(wait) if wait else None)


def execute_over(connection: ClientConnection, request_id: str, **order: Any) -> None:
    """Place an order over `/api/orders/connect`; its first update carries ``requestId``."""
    connection.send(json.dumps({"action": "execute_order", "requestId": request_id, **order}))


def updates(connection: ClientConnection) -> Iterator[OrderUpdate]:
    """What comes over a `socket` until the server closes it; an error message becomes an EngineError."""
    for text in connection:
        message: Any = json.loads(text)
        if message["type"] == "error":
            raise EngineError(message)
        yield message


def main(token_in: str, token_out: str, amount_in: str) -> int:
    """Place an order and print its steps; 0 when it ends confirmed."""
    url, token = os.environ.get("ENGINE_URL", "http://127.0.0.1:8000"), os.environ.get("ENGINE_TOKEN")
    status = "refused"
    with EngineClient(url, token) as engine:
        order = engine.execute(token_in, token_out, amount_in)
        for update in engine.follow(order["orderId"]):
            status = update["status"]
            known = (update.get(name) for name in ("dex", "executedPrice", "txHash", "error"))
            sys.stdout.write(f"{status:<10} {' '.join(str(text) for text in known if text)}\n")
    return 0 if status == "confirmed" else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} TOKEN_IN TOKEN_OUT AMOUNT_IN")
    sys.exit(main(*sys.argv[1:]))
