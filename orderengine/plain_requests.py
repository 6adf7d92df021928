"""Plain requests of the hot path, past daphne's and Django's layers: read, answered and written here.

A request is plain when it came whole, as `POST /api/orders/execute` over HTTP/1.1, and has only headers
that change nothing about the answer but what `orders.api.plain_orders` knows. Everything else, and what is
refused there, goes on as if nothing here had looked at it.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from twisted.internet import interfaces, reactor
from twisted.internet.protocol import connectionDone

from orderengine.http_server import Channel
from orders.api import plain_orders
from orders.api.plain_orders import PlainAnswer, PlainRequest
from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

_START: Final = b"POST /api/orders/execute HTTP/1.1\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 8 * 1024
# What changes nothing, or nothing that is not known where the order is made.
_KNOWN: Final = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection"),
        *("content-length", "content-type", "forwarded", "host", "idempotency-key", "pragma", "user-agent"),
        *("via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "x-request-id"),
    }
)
_JSON: Final = frozenset({"application/json", "application/json; charset=utf-8"})
_ANYTHING: Final = frozenset({"*/*", "application/json"})
_MOST_AT_ONCE: Final = 100
_IDLE_SECONDS: Final = 2


def read_head(data: bytes) -> tuple[dict[str, str], int] | None:
    """The headers of a plain request and where its body begins; None for any other."""
    if not data.startswith(_START):
        return None
    end = data.find(_END_OF_HEAD, len(_START), _LONGEST_HEAD)
    if end < 0:
        return None
    lines = data[len(_START) : end].decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or name not in _KNOWN or name in headers or not value.isprintable():
            return None
        headers[name] = value
    return (headers, end + len(_END_OF_HEAD)) if _is_plain(headers) else None


def _is_plain(headers: dict[str, str]) -> bool:
    length = headers.get("content-length", "")
    return (
        length.isascii()
        and length.isdigit()
        and len(length) <= 6
        and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        and headers.get("content-type", "").lower() in _JSON
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
        and not _ANYTHING.isdisjoint(part.strip() for part in headers.get("accept", "*/*").split(","))
        and "indent" not in headers.get("accept", "")
    )


class Pending:
    """A plain request on its way: its connection, and the bytes it came as."""

    __slots__ = ("channel", "data", "request")

    def __init__(self, channel: PlainChannel, request: PlainRequest, data: bytes) -> None:
        self.channel = channel
        self.request = request
        self.data = data


Accept = Callable[[Sequence[PlainRequest]], list[PlainAnswer | None]]


class Answering:
    """A thread that has what gathered answered together, and hands all answers to the loop at once."""

    def __init__(self, accept: Accept = plain_orders.accept) -> None:
        self._accept = accept
        self._waiting: queue.SimpleQueue[Pending] = queue.SimpleQueue()
        self._thread = LazyThread("plain-requests", self._run)

    def take(self, pending: Pending) -> bool:
        """Answer it later; False where no thread can be had."""
        if not self._thread.ensure():
            return False
        self._waiting.put(pending)
        return True

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            answers = self._answers([pending.request for pending in batch])
            reactor.callFromThread(_deliver, batch, answers)

    def _answers(self, requests: Sequence[PlainRequest]) -> list[PlainAnswer | None]:
        try:
            close_old_connections()
            return self._accept(requests)
        except Exception as error:  # noqa: BLE001 -- nothing is written: the view says to each what is wrong
            logger.warning("%d plain requests go to the view: %s", len(requests), type(error).__name__)
            return [None] * len(requests)
        finally:
            with suppress(DatabaseError, OSError):
                close_old_connections()

    def _next_batch(self) -> list[Pending]:
        try:
            batch = [self._waiting.get(timeout=_IDLE_SECONDS)]
        except queue.Empty:
            # Quiet for a while: a connection that is not needed is not kept.
            connections.close_all()
            batch = [self._waiting.get()]
        while len(batch) < _MOST_AT_ONCE and not self._waiting.empty():
            batch.append(self._waiting.get())
        return batch


def _deliver(batch: Sequence[Pending], answers: Sequence[PlainAnswer | None]) -> None:
    for pending, answer in zip(batch, answers, strict=True):
        pending.channel.settle(pending, answer)


answering: Final = Answering()


class PlainChannel(Channel):
    """An HTTP connection that has plain requests answered by `answering`, one at a time."""

    factory: Any
    _pending: Pending | None = None
    _is_lost = False
    # What came behind the request that is being answered, or of one whose body has not come yet.
    _held = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  (twisted's IProtocol)
        """Take a plain request; leave all else to Twisted."""
        if self._pending is not None:
            self._held += data
            if self._holds_much():
                self._networkProducer.pauseProducing()  # type: ignore[misc]
            return
        if self._held or data.startswith(_START):
            data, self._held = self._held + data, b""
            if self._takes(data):
                return
        super().dataReceived(data)

    def settle(self, pending: Pending, answer: PlainAnswer | None) -> None:
        """Write the answer; without one the request goes Twisted's way."""
        if self._is_lost:
            return
        self.resetTimeout()  # type: ignore[no-untyped-call]
        if self._holds_much() and not self._waitingForTransport:
            self._networkProducer.resumeProducing()  # type: ignore[misc]
        self._pending = None
        held, self._held = self._held, b""
        if answer is None:
            super().dataReceived(pending.data)
        else:
            self._write(pending.request, answer)
        if held:
            self.dataReceived(held)

    def timeoutConnection(self) -> None:  # noqa: N802  (twisted's TimeoutMixin)
        """An answer that takes long is no idle connection."""
        if self._pending is None:
            super().timeoutConnection()  # type: ignore[no-untyped-call]
        else:
            self.setTimeout(self.timeOut)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802  (twisted's IProtocol)
        """Nobody is left to answer."""
        self._is_lost = True
        super().connectionLost(reason)

    def _holds_much(self) -> bool:
        return len(self._held) > self._optimisticEagerReadSize

    def _takes(self, data: bytes) -> bool:
        if self.requests or self._buffer or not self.persistent or _is_watched(self.factory.server):
            return False
        found = read_head(data)
        if found is None:
            return False
        headers, begin = found
        end = begin + int(headers["content-length"])
        self.resetTimeout()  # type: ignore[no-untyped-call]
        if len(data) < end:
            self._held = data
            return True
        peer = getattr(self.transport.getPeer(), "host", None)
        secure = interfaces.ISSLTransport.providedBy(self.transport)
        pending = Pending(self, PlainRequest(peer, secure, headers, data[begin:end]), data[:end])
        if not answering.take(pending):
            return False
        self._pending, self._held = pending, data[end:]
        return True

    def _write(self, request: PlainRequest, answer: PlainAnswer) -> None:
        name = self.factory.server.server_name
        # Twisted has no phrase for 422 and 429.
        lines = [b"HTTP/1.1 %d %s" % (answer.status, HTTPStatus(answer.status).phrase.encode())]
        lines += [f"{header}: {value}".encode("latin-1") for header, value in answer.headers]
        lines.append(b"Content-Length: %d" % len(answer.body))
        if name:
            lines.append(b"Server: " + name.encode())
        self.transport.write(b"\r\n".join(lines) + _END_OF_HEAD + answer.body)


def _is_watched(server: Any) -> bool:
    """Whether somebody wants to know of each request what only daphne and Django can say."""
    return bool(
        server.action_logger
        or server.proxy_forwarded_address_header
        or server.root_path
        or settings.TRACING
        or logger.isEnabledFor(logging.DEBUG)
    )
