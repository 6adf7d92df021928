"""One address with two nodes behind it: some methods go to the one, the rest to the other.

While ``drips`` is set, answers come in byte by byte and never end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2


class BalancedNode:
    """Calls of ``to_first`` go to the first node. It splits batches, as hosts of many nodes do."""

    def __init__(self, first: str, other: str, to_first: Collection[str]) -> None:
        self._first, self._other = first, other
        self.to_first = frozenset(to_first)
        self.drips = False
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: dict[str, Any]) -> Any:
        """What the node says that this call goes to."""
        target = self._first if call["method"] in self.to_first else self._other
        return httpx2.post(target, json=call).json()

    def drip(self, write: Callable[[bytes], object]) -> None:
        """Write an answer that gives no reason to give up before the next byte."""
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with suppress(OSError):
            while self.drips and not self._closing.wait(0.05):
                write(b" ")

    def _handler(node) -> type[BaseHTTPRequestHandler]:  # noqa: N805 -- self is the handler's, inside
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if node.drips:
                    self.close_connection = True
                    node.drip(self.wfile.write)
                    return
                found = [node.answer(call) for call in body] if isinstance(body, list) else node.answer(body)
                content = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                return

        return Handler


@contextmanager
def balanced_node(first: str, other: str, to_first: Collection[str]) -> Iterator[BalancedNode]:
    """A balancer in front of two nodes."""
    node = BalancedNode(first, other, to_first)
    try:
        yield node
    finally:
        node.close()
