"""A WebSocket client byte for byte (RFC 6455): it sends what no library would, and reads when told to."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from typing import Any, Self

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class RawWebSocket:
    """One connection that neither answers pings nor reads by itself; use it as a context manager."""

    def __init__(self, port: int, path: str, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(_HANDSHAKE.format(path=path).encode())
        self._unread = b""
        while b"\r\n\r\n" not in self._unread:
            self._read_more()
        head, self._unread = self._unread.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, payload: bytes, opcode: int = TEXT, fin: bool = True) -> None:
        """Send one frame, masked as a client's must be."""
        first = (0x80 if fin else 0) | opcode
        if len(payload) < 126:
            head = struct.pack("!BB", first, 0x80 | len(payload))
        elif len(payload) < 2**16:
            head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
        # A mask of zeros leaves the payload as it is.
        self._socket.sendall(head + b"\0\0\0\0" + payload)

    def send_json(self, message: Any) -> None:
        """Send a text frame with a JSON value."""
        self.send(json.dumps(message).encode())

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame that is no ping; raises OSError or EOFError."""
        while True:
            opcode, payload = self._frame()
            if opcode != PING:
                return opcode, payload

    def receive_json(self) -> dict[str, Any]:
        """The next message."""
        opcode, payload = self.receive()
        assert opcode == TEXT, (opcode, payload)
        message: dict[str, Any] = json.loads(payload)
        return message

    def closing_code(self) -> int:
        """The code of the close frame, whatever comes before it."""
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2])

    def await_reset(self, seconds: float) -> None:
        """Returns when the peer has dropped the connection, without reading a byte of it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.send(os.urandom(4), PONG)
            except OSError:
                return
            time.sleep(0.05)
        raise AssertionError(f"still connected after {seconds} s")

    def await_end(self) -> None:
        """Returns when the peer has closed the connection; reads whatever it still sends."""
        try:
            while True:
                self._frame()
        except (EOFError, ConnectionError):
            return

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self._take(2))
        elif size == 127:
            size = int.from_bytes(self._take(8))
        return first & 0x0F, self._take(size)

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._read_more()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _read_more(self) -> None:
        more = self._socket.recv(65536)
        if not more:
            raise EOFError("the peer has closed the connection")
        self._unread += more
