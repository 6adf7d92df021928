"""A collector that takes spans by OTLP over HTTP, decoded with the protocol's own classes.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass(frozen=True, slots=True)
class Seen:
    """One span as it arrived; ids are hex, ``parent`` is empty for the first of a trace."""

    name: str
    trace: str
    span: str
    parent: str
    kind: str
    failed: bool
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    began_at: int
    ended_at: int
    service: str


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent; ``status`` is what it answers, ``held`` keeps it from answering."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.held = threading.Event()
        self.held.set()
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self._spans: list[Seen] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for group in request.resource_spans:
            service = {each.key: _plain(each.value) for each in group.resource.attributes}["service.name"]
            self._spans += [_seen(span, service) for scope in group.scope_spans for span in scope.spans]
        self.bodies.append(body)

    def spans(self, name: str = "") -> list[Seen]:
        """All spans so far, or those of one name, in the order of their beginning."""
        found = [span for span in list(self._spans) if name in ("", span.name)]
        return sorted(found, key=lambda span: span.began_at)

    def await_spans(self, enough: Callable[[list[Seen]], Any], seconds: int = 20) -> list[Seen]:
        """All spans as soon as they are ``enough``."""
        pause = threading.Event()
        deadline = time.monotonic() + seconds
        while not enough(self.spans()):
            assert time.monotonic() < deadline, [span.name for span in self.spans()]
            pause.wait(0.02)
        return self.spans()

    def stop(self) -> None:
        self.held.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        assert self.headers["Content-Type"] == "application/x-protobuf"
        self.server.held.wait()
        if self.server.status == 200:
            self.server.take(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def _seen(span: Span, service: str) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        attributes={each.key: _plain(each.value) for each in span.attributes},
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        began_at=span.start_time_unix_nano,
        ended_at=span.end_time_unix_nano,
        service=service,
    )


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return getattr(value, kind)
