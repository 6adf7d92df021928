"""Places orders as a client would, and remembers which were accepted."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import httpx2

from orders.lifecycle import FINAL, Status
from orders.proving.soak.waiting import eventually

_EXECUTE: Final = "/api/orders/execute"
_LAMPORTS: Final = 10_000_000
_TRY_AGAIN_SECONDS: Final = 0.2
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to a POST; ``status`` is 0 when the connection broke."""

    status: int
    body: dict[str, Any]
    milliseconds: int

    @property
    def order_id(self) -> UUID:
        """The order that was accepted; raises KeyError when none was."""
        return UUID(self.body["orderId"])


class EngineClient:
    """Talks to one engine. Every order it receives to be accepted counts as promised."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.accepted: set[UUID] = set()
        self._lock = threading.Lock()
        credentials = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.Client(base_url=url, timeout=30, headers=credentials)
        self._pause = threading.Event()

    def post(self, key: str | None = None, **fields: Any) -> Answer:
        """Ask once for a swap of a hundredth SOL to USDC, or what ``fields`` say."""
        body: dict[str, Any] = {"tokenIn": "SOL", "tokenOut": "USDC"} | fields
        if not {"amount", "amountIn", "amountInRaw"} & body.keys():
            body["amountInRaw"] = str(_LAMPORTS)
        headers = {"Idempotency-Key": key} if key else {}
        started = time.monotonic()
        try:
            response = self._http.post(_EXECUTE, json=body, headers=headers)
            status, answer = response.status_code, response.json()
        except (httpx2.HTTPError, ValueError):
            status, answer = 0, {}
        took = round((time.monotonic() - started) * _MILLISECONDS)
        if status in (200, 201):
            with self._lock:
                self.accepted.add(UUID(answer["orderId"]))
        return Answer(status, answer, took)

    def place(self, **fields: Any) -> UUID:
        """Place an order that must be accepted at once."""
        answer = self.post(**fields)
        assert answer.status == 201, answer
        return answer.order_id

    def place_surely(self, key: str | None = None, seconds: int = 60, **fields: Any) -> UUID:
        """Place an order as a good client does: the same key again until there is an answer."""
        order_id = self.place_unless((), key, seconds, **fields)
        assert order_id is not None
        return order_id

    def place_unless(
        self, refusals: Collection[str], key: str | None = None, seconds: int = 60, **fields: Any
    ) -> UUID | None:
        """The same; None where the engine refuses with one of these codes."""
        key = key or str(uuid.uuid4())
        deadline = time.monotonic() + seconds
        while True:
            answer = self.post(key, **fields)
            if answer.status in (200, 201):
                return answer.order_id
            if answer.body.get("code") in refusals:
                return None
            assert answer.status in (0, 503), answer
            assert time.monotonic() < deadline, answer
            self._pause.wait(_TRY_AGAIN_SECONDS)

    def send(self, method: str, path: str, body: object = None) -> int:
        """The HTTP status of a call, whatever it is; 0 when the connection broke."""
        try:
            return self._http.request(method, path, json=body).status_code
        except httpx2.HTTPError:
            return 0

    def price(self, **bounds: Any) -> Decimal | None:
        """What one SOL brings in USDC within these bounds; None where there is no answer."""
        query = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1"}
        query |= {name: ",".join(v) if isinstance(v, list) else str(v) for name, v in bounds.items()}
        try:
            response = self._http.get("/api/quotes", params=query)
            return Decimal(response.json()["best"]["price"]) if response.is_success else None
        except (httpx2.HTTPError, ValueError, LookupError, TypeError):
            return None

    def post_many(self, count: int, clients: int = 8, **fields: Any) -> list[Answer]:
        """Post so many orders from some threads at once."""
        with ThreadPoolExecutor(clients) as threads:
            return list(threads.map(lambda _: self.post(**fields), range(count)))

    def place_many(self, count: int, clients: int = 8, **fields: Any) -> list[UUID]:
        """Place so many orders, each until it is accepted."""
        with ThreadPoolExecutor(clients) as threads:
            return list(threads.map(lambda _: self.place_surely(**fields), range(count)))

    def order(self, order_id: UUID) -> dict[str, Any]:
        """The order with its attempts and events."""
        response = self._http.get(f"/api/orders/{order_id}")
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def await_status(self, order_id: UUID, statuses: Sequence[str], seconds: int = 30) -> dict[str, Any]:
        """The order once it is at one of ``statuses``; an engine that is not back yet is asked again."""

        def look() -> dict[str, Any] | None:
            response = self._http.get(f"/api/orders/{order_id}")
            if response.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                return None
            order: dict[str, Any] = response.raise_for_status().json()
            return order if order["status"] in statuses else None

        return eventually(look, seconds, lambda: f"{order_id} {statuses}: {self.order(order_id)}")

    def await_end(self, order_id: UUID, seconds: int = 30) -> dict[str, Any]:
        """The order once it is at its end."""
        return self.await_status(order_id, sorted(FINAL), seconds)

    def await_confirmed(self, order_id: UUID, seconds: int = 30) -> dict[str, Any]:
        """The order, which must end confirmed."""
        order = self.await_end(order_id, seconds)
        assert order["status"] == Status.CONFIRMED, order
        return order

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
