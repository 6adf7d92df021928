"""The line and headers of a request have a limit of time, each request its own."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.orders.http_line import http_line

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_head_that_drips_is_cut(tmp_path: Path) -> None:
    with http_line(tmp_path, REQUEST_HEAD_SECONDS="1") as line, line.connected() as drip:
        drip.sendall(b"GET /health/live HTTP/1.1\r\n")
        started, received = time.monotonic(), b""
        while not received and time.monotonic() - started < 8:
            drip.sendall(b"X: y\r\n")
            drip.settimeout(0.2)
            with suppress(TimeoutError):
                received = drip.recv(65_536)
    assert received.startswith(b"HTTP/1.1 400 Bad Request")
    assert 1 <= time.monotonic() - started < 5


def test_a_connection_that_is_kept_has_a_limit_a_head(tmp_path: Path) -> None:
    with http_line(tmp_path, REQUEST_HEAD_SECONDS="1") as line, line.connected() as kept:
        started = time.monotonic()
        while time.monotonic() - started < 1.5:
            kept.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            kept.settimeout(10)
            assert kept.recv(65_536).startswith(b"HTTP/1.1 200 OK")
            kept.settimeout(0.3)
            with pytest.raises(TimeoutError):
                # Neither an answer nor the end of the connection.
                kept.recv(65_536)
