"""One WebSocket subscriber that notes what arrives and when, as cheaply as it can.

A thousand of them share the machine with what they measure, so frames are kept as bytes and read
as JSON after the run. RFC 6455: a server's frames carry no mask, a client's must.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_OPENING_SECONDS: Final = 60
# Any 16 bytes do; the answer proves nothing that the status line does not.
_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event: its order, its sequence, epoch seconds of its commit and of its arrival here."""

    order_id: str
    sequence: int
    committed_at: str
    arrived_at: float


class Subscriber(asyncio.Protocol):
    """One connection; ``messages`` are the arrivals in the order in which they came."""

    def __init__(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.messages: list[tuple[float, bytes]] = []
        self.closing_code: int | None = None
        self._request = request
        self._unread = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = transport
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell anyone who waits."""
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionResetError("closed while opening"))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Note whole frames with the moment of this call."""
        now = time.time()
        self._unread += data
        if not self.opened.done() and not self._read_handshake():
            return
        while (frame := self._next_frame()) is not None:
            opcode, payload = frame
            if opcode == _TEXT:
                self.messages.append((now, payload))
            elif opcode == _PING:
                self.send(payload, _PONG)
            elif opcode == _CLOSE:
                self.closing_code = int.from_bytes(payload[:2])
                self.send(payload[:2], _CLOSE)

    def send(self, payload: bytes, opcode: int = _TEXT) -> None:
        """Send one frame of less than 64 KiB; its mask is zero, which leaves the payload as it is."""
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
        self._transport.write(bytes([0x80 | opcode]) + size + b"\0\0\0\0" + payload)

    def close(self) -> None:
        """Say goodbye; the server drops the connection then."""
        if not self.closed.done():
            self.send((1000).to_bytes(2), _CLOSE)

    def arrivals(self) -> list[Arrival]:
        """What came, as events; an envelope is opened, other messages are left out."""
        found = []
        for moment, payload in self.messages:
            message = json.loads(payload)
            event = message.get("data", message)
            if message["type"] == "update":
                found.append(Arrival(event["orderId"], event["sequence"], event["at"], moment))
        return found

    def errors(self) -> list[str]:
        """The codes of the refusals that came."""
        read = (json.loads(payload) for _, payload in self.messages)
        return [message["code"] for message in read if message["type"] == "error"]

    def _read_handshake(self) -> bool:
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        self._unread = rest
        if head.startswith(b"HTTP/1.1 101 "):
            self.opened.set_result(None)
            return True
        self.opened.set_exception(ConnectionRefusedError(head.split(b"\r\n")[0].decode("latin-1")))
        self._transport.close()
        return False

    def _next_frame(self) -> tuple[int, bytes] | None:
        data = self._unread
        if len(data) < 2:
            return None
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10]), 10
        if len(data) < start + size:
            return None
        self._unread = data[start + size :]
        return data[0] & 0x0F, data[start : start + size]


async def subscribe(url: str, path: str, token: str | None) -> Subscriber:
    """Open a connection; raises OSError when it is refused or not answered."""
    parts = urlsplit(url)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n{bearer}\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_OPENING_SECONDS):
        _, found = await loop.create_connection(
            lambda: Subscriber(request),
            parts.hostname or "127.0.0.1",
            parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https" or None,
        )
        await found.opened
    return found
