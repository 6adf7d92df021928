"""A server in front of nodes, which answers JSON-RPC in its own way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    # Pools are looked for by some thirty calls at once; five waiting ones would be all.
    request_queue_size = 128


class NodeStandIn:
    """At ``url`` until it is closed; says of the body of each request what ``reply`` says."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, body: Any) -> Any:
        """The answer to a call, or the answers to a list of them."""
        raise NotImplementedError

    def takes_over(self, write: Callable[[bytes], object]) -> bool:
        """Whether the request is answered here and in another way than by a reply."""
        return False

    def _handler(node) -> type[BaseHTTPRequestHandler]:  # noqa: N805 -- self is the handler's, inside
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if node.takes_over(self.wfile.write):
                    self.close_connection = True
                    return
                content = json.dumps(node.reply(body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                return

        return Handler
