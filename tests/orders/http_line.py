"""HTTP byte by byte: requests that no client library would send, and the whole answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.orders.web_process import WebProcess, web_process

_ANSWER_SECONDS: Final = 10
# As on a network: no local user, no page for developers.
_PRODUCTION: Final = {
    "DEBUG": "false",
    "SECRET_KEY": "s3cret-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "ALLOWED_HOSTS": "127.0.0.1",
    "HTTPS_ONLY": "false",
    "ORDERS_PER_MINUTE": "0",
    "REQUESTS_PER_MINUTE": "0",
    "LOG_LEVEL": "ERROR",
}


@contextmanager
def http_line(folder: Path, **environment: str) -> Iterator[HttpLine]:
    """A line to a web process of its own with DEBUG off, which has logged no fault at the end."""
    with web_process(folder, **_PRODUCTION | environment) as web:
        yield HttpLine(web)
        assert "Traceback" not in web.log


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpLine:
    """Sends requests to a web process, each on a connection of its own."""

    web: WebProcess

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    def connected(self) -> socket.socket:
        """A connection of its own."""
        return socket.create_connection(("127.0.0.1", self.web.port), _ANSWER_SECONDS)

    def send(self, request: bytes) -> Answer:
        """The answer to these bytes, which must make the server close; fails when none comes."""
        with self.connected() as line:
            line.sendall(request)
            received = bytearray()
            while chunk := line.recv(65_536):
                received += chunk
        return _read_answer(bytes(received))

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer to one request. Header values go as Latin-1; the length of a whole body is told."""
        lines = {"Host": "127.0.0.1", "Connection": "close"} | dict(headers or {})
        if body is not None and "Transfer-Encoding" not in lines:
            lines["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b""))


def _read_answer(received: bytes) -> Answer:
    head, separator, body = received.partition(b"\r\n\r\n")
    assert separator, f"no answer: {received!r}"
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Answer(int(first.split()[1]), headers, body)


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)
