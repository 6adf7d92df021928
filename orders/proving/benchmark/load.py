"""The load: clients that post orders over keep-alive connections.

It shares the machine with what it measures, so it speaks HTTP/1.1 over plain streams: a full client
costs more CPU than the server's own share of a request.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

ACCEPTED: Final = "ACCEPTED"
_TRIES: Final = 5
_ANSWER_TIMEOUT_SECONDS: Final = 60
_MILLISECONDS: Final = 1000

Settled = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Swap:
    """What one kind of order asks for; ``amount`` in whole tokens as text.

    It is empty where ``more``, further fields of the request, has the amount.
    """

    token_in: str
    token_out: str
    amount: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Who posts what. ``run`` begins every client order id, so a repeated post makes no second order.

    With ``batch`` each post is one of so many orders to the batch endpoint.
    """

    url: str
    orders: int
    clients: int
    swaps: Sequence[Swap]
    run: str
    token: str | None = None
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One order's post: epoch seconds of it, milliseconds until its answer, ACCEPTED or an error code.

    Orders of one batch share their times.
    """

    order_id: str
    sent_at: float
    answered_ms: float
    code: str


class Connection:
    """One keep-alive connection to a web server; made again when it has broken off."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, return status and body. Raises OSError or EOFError when the connection breaks."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        reader, writer = self._streams
        try:
            writer.write(request)
            async with asyncio.timeout(_ANSWER_TIMEOUT_SECONDS):
                return await self._answer(reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        headers = dict(line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
        if headers.get(b"connection", b"").strip() == b"close":
            self.close()
        return status, body


class LoadGenerator:
    """Posts the orders of a plan; each client waits for its answer before it posts the next."""

    def __init__(self, plan: LoadPlan, settled: Settled | None = None) -> None:
        self._plan = plan
        self._settled = settled
        parts = urlsplit(plan.url)
        authorization = f"Authorization: Bearer {plan.token}\r\n" if plan.token else ""
        self._head = (
            f"POST /api/orders/{_endpoint(plan)} HTTP/1.1\r\nHost: {parts.netloc}\r\n{authorization}"
            "Content-Type: application/json\r\nContent-Length: "
        )

    async def run(self) -> list[Sample]:
        """Post all orders; one sample each. ``settled`` is awaited after each accepted order."""
        numbers = iter(range(self._plan.orders))
        samples: list[Sample] = []
        async with asyncio.TaskGroup() as clients:
            for _ in range(self._plan.clients):
                clients.create_task(self._client(numbers, samples))
        return samples

    async def _client(self, numbers: Iterator[int], samples: list[Sample]) -> None:
        connection = Connection(self._plan.url)
        try:
            while batch := list(islice(numbers, self._plan.batch)):
                found = await self._post(connection, self._request(batch), len(batch))
                samples += found
                for sample in found:
                    if self._settled is not None and sample.order_id:
                        await self._settled(sample.order_id)
        finally:
            connection.close()

    async def _post(self, connection: Connection, request: bytes, orders: int) -> list[Sample]:
        sent_at, started = time.time(), time.perf_counter()
        for _ in range(_TRIES):
            try:
                status, body = await connection.exchange(request)
            except (OSError, EOFError, ValueError):
                continue
            elapsed = (time.perf_counter() - started) * _MILLISECONDS
            found = _outcomes(status, body, orders)
            return [Sample(order_id, sent_at, elapsed, code) for order_id, code in found]
        elapsed = (time.perf_counter() - started) * _MILLISECONDS
        return [Sample("", sent_at, elapsed, "UNREACHABLE")] * orders

    def _request(self, numbers: Sequence[int]) -> bytes:
        orders = [self._order(number) for number in numbers]
        body = json.dumps({"orders": orders} if self._plan.batch > 1 else orders[0])
        return f"{self._head}{len(body)}\r\n\r\n{body}".encode()

    def _order(self, number: int) -> dict[str, Any]:
        swap = self._plan.swaps[number % len(self._plan.swaps)]
        return {
            "tokenIn": swap.token_in,
            "tokenOut": swap.token_out,
            **({"amountIn": swap.amount} if swap.amount else {}),
            **swap.more,
            "clientOrderId": f"{self._plan.run}{number}",
        }


def _endpoint(plan: LoadPlan) -> str:
    return "batch" if plan.batch > 1 else "execute"


def _outcomes(status: int, body: bytes, orders: int) -> list[tuple[str, str]]:
    """Of each order of one post its id, or why it was refused."""
    if status != HTTPStatus.MULTI_STATUS:
        return [_outcome(status, body)] * orders
    try:
        results: Any = json.loads(body)["results"]
        return [_outcome_of_one(each) for each in results]
    except (ValueError, LookupError, TypeError):
        return [("", f"HTTP_{status}")] * orders


def _outcome_of_one(result: Any) -> tuple[str, str]:
    if "order" in result:
        return result["order"]["orderId"], ACCEPTED
    return "", str(result["error"]["code"])


def _outcome(status: int, body: bytes) -> tuple[str, str]:
    try:
        answer: Any = json.loads(body)
        if status in {200, 201}:
            return answer["orderId"], ACCEPTED
        return "", str(answer["code"])
    except (ValueError, LookupError, TypeError):
        return "", f"HTTP_{status}"
