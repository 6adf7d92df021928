"""A running engine as its clients see it: orders go in over REST, their steps come over WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from orders.lifecycle import FINAL, Status

_TIMEOUT_SECONDS: Final = 10
# How often somebody who waits for an event gets a turn, to show that time passes.
_TICK_SECONDS: Final = 0.1
_RECONNECT_SECONDS: Final = (0.2, 0.5, 1, 2, 4, 4, 4, 4, 4, 4)
_REFUSED_CODES: Final = range(4400, 4500)


class EngineUnreachable(Exception):
    """Nothing that speaks the engine's language answers at the address."""


class EngineRefused(Exception):
    """The engine's error object: a stable ``code``, a message for people, ``details``."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}


class RemoteEngine:
    """One engine at a base URL; ``token`` is a bearer token, None acts without credentials."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise EngineUnreachable(f"{url} is not an address like http://127.0.0.1:8000")
        self._socket_url = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
        self._token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        base = f"{parts.scheme}://{parts.netloc}"
        self._http = httpx2.Client(base_url=base, headers=headers, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def place(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Place an order; the order as accepted. Raises EngineRefused or EngineUnreachable."""
        return self._ask("POST", "/api/orders/execute", json=dict(order))

    def order(self, order_id: str) -> dict[str, Any]:
        """One order as it stands. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", f"/api/orders/{quote(order_id, safe='')}")

    def orders(self, **query: str) -> dict[str, Any]:
        """A page of the caller's orders by the list's filters. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/orders", params=query)

    def group(self, group_id: str) -> dict[str, Any]:
        """A group with its orders. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", f"/api/groups/{quote(group_id, safe='')}")

    def amend(self, order_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Amend an open order, with its ``version``. Raises EngineRefused or EngineUnreachable."""
        return self._ask("PATCH", f"/api/orders/{quote(order_id, safe='')}", json=dict(changes))

    def cancel(self, order_id: str) -> dict[str, Any]:
        """Cancel an order. Raises EngineRefused or EngineUnreachable."""
        return self._ask("POST", f"/api/orders/{quote(order_id, safe='')}/cancel")

    def cancel_all(self, **query: str) -> dict[str, Any]:
        """Cancel what fits the list's filters. Raises EngineRefused or EngineUnreachable."""
        return self._ask("POST", "/api/orders/cancel", params=query)

    def quote(self, token_in: str, token_out: str, amount: str) -> dict[str, Any]:
        """What the venues would pay now. Raises EngineRefused or EngineUnreachable."""
        return self.quotes(tokenIn=token_in, tokenOut=token_out, amount=amount)

    def quotes(self, **query: str | int) -> dict[str, Any]:
        """As `quote`, by any fields of the request. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/quotes", params=query)

    def launches(self, **query: str) -> dict[str, Any]:
        """A page of the new pools that were seen. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/launches", params=query)

    def fills(self, **query: str) -> dict[str, Any]:
        """A page of the caller's confirmed swaps. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/fills", params=query)

    def portfolio(self) -> dict[str, Any]:
        """What the swaps have made of each token. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/portfolio")

    def csv(self, books: str, **query: str) -> str:
        """``fills`` or ``portfolio`` as CSV. Raises EngineRefused or EngineUnreachable."""
        response = self._send("GET", f"/api/{books}", params={**query, "format": "csv"})
        if not response.is_success:
            raise _refusal(_json_or_none(response), response.status_code)
        return str(response.text)

    def tokens(self) -> dict[str, Any]:
        """The wallet and the tokens of the engine. Raises EngineRefused or EngineUnreachable."""
        return self._ask("GET", "/api/tokens")

    def network(self) -> str:
        """The chain that the engine swaps on. Raises EngineRefused or EngineUnreachable."""
        return str(self.tokens()["network"])

    def follow(self, order_id: str, after: int = 0) -> Iterator[dict[str, Any] | None]:
        """Every event of an order behind sequence ``after``, each once and in order, until its end; None
        whenever time has passed.

        A dropped connection is made again, from behind the last event that came. Raises EngineRefused,
        and EngineUnreachable when the engine stays away.
        """
        failures = 0
        while True:
            try:
                for message in self._stream(order_id, after):
                    yield message
                    if message is None:
                        continue
                    after, failures = message["sequence"], 0
                    if Status(message["status"]) in FINAL:
                        return
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                _raise_if_refused(error)
                if failures == len(_RECONNECT_SECONDS):
                    raise EngineUnreachable(f"the stream broke off: {error}") from error
            yield from _pause(_RECONNECT_SECONDS[min(failures, len(_RECONNECT_SECONDS) - 1)])
            failures += 1

    def _stream(self, order_id: str, after: int) -> Iterator[dict[str, Any] | None]:
        with self._connect(f"/ws/orders/{order_id}?after={after}") as socket:
            while True:
                try:
                    message = json.loads(socket.recv(timeout=_TICK_SECONDS))
                except TimeoutError:
                    yield None
                    continue
                if message.get("type") == "error":
                    raise EngineRefused(message["code"], message["message"], message.get("details"))
                # What else is said has no place in an order's history.
                if message.get("type") == "update":
                    yield message

    def _connect(self, path: str) -> ClientConnection:
        protocols = [Subprotocol("bearer"), Subprotocol(self._token)] if self._token else None
        return connect(f"{self._socket_url}{path}", subprotocols=protocols, open_timeout=_TIMEOUT_SECONDS)

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        response = self._send(method, path, **request)
        try:
            answer = response.json()
        except ValueError as error:
            raise EngineUnreachable(f"{self._http.base_url} answers, but it is not the engine") from error
        if response.is_success and isinstance(answer, dict):
            return answer
        raise _refusal(answer, response.status_code)

    def _send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx2.HTTPError as error:
            raise EngineUnreachable(f"{self._http.base_url}: {error or type(error).__name__}") from error


def _json_or_none(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _refusal(answer: Any, status: int) -> EngineRefused:
    found = answer if isinstance(answer, dict) else {}
    message = found.get("message") or f"the engine answered with HTTP status {status}"
    return EngineRefused(found.get("code") or f"HTTP_{status}", message, found.get("details"))


def _raise_if_refused(error: Exception) -> None:
    if isinstance(error, InvalidStatus) and 400 <= error.response.status_code < 500:
        raise EngineRefused("STREAM_REFUSED", f"the stream was refused: {error}") from error
    if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code in _REFUSED_CODES:
        raise EngineRefused(
            "STREAM_REFUSED", error.rcvd.reason or f"closed with {error.rcvd.code}"
        ) from error


def _pause(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS)
        yield None
