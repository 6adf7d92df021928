"""HTTP/1.1 for JSON-RPC: POST with keep-alive, and GET /health as on a node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import h11

from dex.localnet.dispatch import HttpFailure

Answer = Callable[[bytes], Awaitable[bytes]]
_MOST_BODY_BYTES: Final = 32 * 1024 * 1024  # batches of thousands of transactions
_log = logging.getLogger(__name__)


class HttpServer:
    """Serves one ``answer`` function on a port."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._connections: set[HttpConnection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listens; raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(self._answer, self._connections), host, port
        )

    async def stop(self) -> None:
        """Stops listening and closes all connections."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()
        if self._server is not None:
            await self._server.wait_closed()


class HttpConnection(asyncio.Protocol):
    """One client connection; its requests are answered in order."""

    def __init__(self, answer: Answer, open_connections: set[HttpConnection]) -> None:
        self._answer = answer
        self._open_connections = open_connections
        self._http = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._read_events()

    def eof_received(self) -> bool:
        self._http.receive_data(b"")
        self._read_events()
        return False

    def close(self) -> None:
        """Ends the connection at once."""
        if self._answering is not None:
            self._answering.cancel()
        if self._transport is not None:
            self._transport.close()

    def _read_events(self) -> None:
        try:
            while self._answering is None:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    self._continue_if_asked()
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, str(error).encode())

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._request = event
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > _MOST_BODY_BYTES:
                self._body.clear()
                raise h11.RemoteProtocolError("request body too large", error_status_hint=413)
        elif isinstance(event, h11.EndOfMessage):
            body = bytes(self._body)
            self._body.clear()
            self._answering = asyncio.get_running_loop().create_task(self._respond(body))
            self._answering.add_done_callback(self._end_if_broken)
        elif isinstance(event, h11.ConnectionClosed):
            self.close()
            raise h11.RemoteProtocolError("closed")

    def _continue_if_asked(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))

    async def _respond(self, body: bytes) -> None:
        request = self._request
        assert request is not None
        try:
            if request.method == b"POST":
                self._send(200, await self._answer(body), b"application/json")
            elif request.method == b"GET" and request.target == b"/health":
                self._send(200, b"ok", b"text/plain")
            else:
                self._send(405, b"Used HTTP Method is not allowed. POST is required\n", b"text/plain")
        except HttpFailure as failure:
            self._fail(failure)
        self._next_request()

    def _end_if_broken(self, task: asyncio.Task[None]) -> None:
        """A client must not wait for an answer that will never come."""
        if task.cancelled() or task.exception() is None:
            return
        _log.error("answering failed", exc_info=task.exception())
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, failure: HttpFailure) -> None:
        if failure.status is not None:
            self._send(failure.status, failure.body, failure.content_type)
        elif self._transport is not None:
            self._transport.abort()

    def _next_request(self) -> None:
        self._answering = None
        if self._transport is None or self._transport.is_closing():
            return
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._read_events()

    def _refuse(self, status: int, text: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(status, text, b"text/plain")
        self._transport.close()

    def _send(self, status: int, body: bytes, content_type: bytes) -> None:
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        if status == 429:
            headers.append((b"retry-after", b"1"))
        head = self._http.send(h11.Response(status_code=status, headers=headers))
        tail = self._http.send(h11.Data(data=body)) if body else b""
        self._write(head, tail, self._http.send(h11.EndOfMessage()))

    def _write(self, *parts: bytes | None) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(part for part in parts if part))
