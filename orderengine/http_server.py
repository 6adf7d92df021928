"""daphne's side of HTTP where it differs here: bodies have a cap, refusals the one shape of the API.

What is not HTTP never reaches Django. daphne answers it with a page of its own, Twisted below it
with a bare status line or with nothing; a client that reads JSON could make sense of neither.
"""

from __future__ import annotations

import json
import logging
import uuid
from io import BytesIO
from typing import Any, Final

import daphne.http_protocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.protocol import connectionDone
from twisted.web import http

from orders import errors

logger = logging.getLogger(__name__)

# How long a refused client may go on sending before the line is cut. Cut at once, its own system
# would throw the answer away that it has not read yet.
_LINGER_SECONDS: Final = 5
_HEADERS: Final = ((b"Content-Type", b"application/json"), (b"X-Content-Type-Options", b"nosniff"))


class Request(daphne.http_protocol.WebRequest):  # type: ignore[misc]
    """One request: keeps no more of its body than the application accepts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Twisted would parse forms for a use that daphne does not make of them, and refuse broken ones.
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's own hook)
        """Keep what is kept of a body in memory: Twisted opens a file where its length is unknown."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (twisted.web.iweb.IRequest)
        """Keep what still fits, and the first byte too many: that one makes the application refuse it.

        daphne stores a whole body, in memory and on disk, before the application can look at the
        first byte, and has no setting for that.
        """
        room = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1 - self.content.tell()
        if room > 0:
            super().handleContentChunk(data[:room])

    def process(self) -> Any:
        """Hand it to the application."""
        # For a proxy that moves the application to a sub-path. From a client it is nobody's to set.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass an answer on, to HEAD without its body.

        daphne writes past the guard with which Twisted stops a body after its first piece.
        """
        if self.method == b"HEAD" and message.get("type") == "http.response.body":
            message = message | {"body": b""}
        super().handle_reply(message)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """What daphne answers by itself, in the shape of the API."""
        refusal = errors.InvalidRequest(body) if status < 500 else _fault(body)
        start = {"type": "http.response.start", "status": refusal.http_status, "headers": _HEADERS}
        self.handle_reply(start)
        self.handle_reply({"type": "http.response.body", "body": _body(refusal)})


class Channel(http.HTTPChannel):
    """One connection: answers also what it cannot read as HTTP."""

    transport: Any
    _head_limit: Any = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  (twisted's IProtocol)
        """Read on; the whole head of a request has to come within ``REQUEST_HEAD_SECONDS``.

        Twisted's own time-out begins anew with every byte.
        """
        if self.line_mode and self._head_limit is None:
            self._head_limit = reactor.callLater(settings.REQUEST_HEAD_SECONDS, self._head_is_late)
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def allHeadersReceived(self) -> None:  # noqa: N802  (Twisted's own hook)
        """The head is there."""
        self._forget_head_limit()
        super().allHeadersReceived()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802  (twisted's IProtocol)
        """Stop waiting for a head."""
        self._forget_head_limit()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _head_is_late(self) -> None:
        self._head_limit = None
        self._refuse(errors.InvalidRequest("The head of the request took too long"))

    def _forget_head_limit(self) -> None:
        if self._head_limit is not None:
            self._head_limit.cancel()
        self._head_limit = None

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802  (Twisted's own hook)
        over_size = self._receivedHeaderSize > self.totalHeadersSize
        if over_size or self._receivedHeaderCount > self.maxHeaders:
            self._refuse(errors.PayloadTooLarge("The request line and the headers are too large"))
        else:
            self._refuse(errors.InvalidRequest("This is not a well-formed HTTP request"))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802  (twisted.protocols.basic)
        """Answer where Twisted only hangs up."""
        self._refuse(errors.PayloadTooLarge("The request line and the headers are too large"))

    def _refuse(self, refusal: errors.OrderError) -> None:
        body = _body(refusal)
        reason = http.RESPONSES[refusal.http_status]
        length = (b"Content-Length", str(len(body)).encode())
        headers = (*_HEADERS, length, (b"Connection", b"close"))
        lines = [b"HTTP/1.1 %d %s" % (refusal.http_status, reason)]
        lines += [b"%s: %s" % header for header in headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self._forget_head_limit()
        for reader in ("dataReceived", "lineReceived", "rawDataReceived"):
            setattr(self, reader, _ignore)
        self.setTimeout(_LINGER_SECONDS)  # type: ignore[no-untyped-call]
        # TLS cannot be closed in one direction.
        getattr(self.transport, "loseWriteConnection", self.transport.loseConnection)()


def install(channel: type[Channel] = Channel) -> None:
    """Make daphne's connections use both; its factory looks them up by these names."""
    daphne.http_protocol.WebRequest = Request
    factory = daphne.http_protocol.HTTPFactory
    factory.protocol = lambda _factory: http._GenericHTTPChannelProtocol(channel())
    # Twisted would format a line for each request, for a log that nobody has asked for. daphne has its own.
    factory.log = _ignore


def _fault(text: str) -> errors.Internal:
    request_id = uuid.uuid4().hex
    logger.error("request %s failed in the HTTP server: %s", request_id, text)
    return errors.Internal(requestId=request_id)


def _body(refusal: errors.OrderError) -> bytes:
    return json.dumps(refusal.as_wire()).encode()


def _ignore(*_: Any) -> None:
    """Takes what a refused client still sends."""
