"""No client makes this process keep more than a bounded amount for it, in either direction.

daphne takes whatever the application sends and keeps it in memory until the client reads it, and
queues whatever the client sends until the application reads that. Twisted tells a producer when more
than 64 KiB wait to be written (IPushProducer); here the application's `send` waits for that, and a
client that does not take them for `SOCKET_STALL_SECONDS` is closed, without a close frame if need be.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import daphne.cli
import daphne.server
import daphne.ws_protocol
from django.conf import settings
from twisted.internet import reactor

CLOSE_TRY_LATER: Final = 1013
CLOSE_FLOOD: Final = 4008
# Beyond what the transport announces: nobody who awaits `send` gets here.
MOST_UNREAD_BYTES: Final = 1024 * 1024
# Messages that the application has not read yet; the seconds behind a flood, not a burst.
MOST_WAITING_MESSAGES: Final = 200
_LONGEST_CHARACTER_BYTES: Final = 4


class BoundedSocket(daphne.ws_protocol.WebSocketProtocol):  # type: ignore[misc]
    """daphne's WebSocket with a bound on both of its queues."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._room = asyncio.Event()
        self._room.set()
        self._unread_bytes = 0
        self._stall: Any = None

    def onOpen(self) -> None:  # noqa: N802  (autobahn's name)
        """Listen to the transport; until now the HTTP channel that it was upgraded from did."""
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        # A broken frame is answered with its close code, as RFC 6455 (7.1.7) asks, before the drop.
        self.failByDrop = False
        super().onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Queue for the application as much as it needs for an answer, if it keeps up at all."""
        if self.state != self.STATE_OPEN:
            return
        if self.application_queue.qsize() >= MOST_WAITING_MESSAGES:
            self.serverClose(CLOSE_FLOOD)
            return
        super().onMessage(_cut(payload, is_text=not isBinary), isBinary)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Let anyone who waits for room go."""
        self.resumeProducing()
        super().onClose(wasClean, code, reason)

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802
        """Send, unless the connection is closing: autobahn raises then, in the application's face."""
        if self.state not in (self.STATE_OPEN, self.STATE_CONNECTING):
            return
        was_full = not self._room.is_set()
        super().serverSend(content, binary)
        if was_full:
            self._unread_bytes += len(content)
            if self._unread_bytes > MOST_UNREAD_BYTES:
                self._give_up()

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        """Close; `sendClose` would refuse 1013, which RFC 6455's registry has for exactly this."""
        self.sendCloseFrame(code=1000 if code is None else code)

    async def room(self) -> None:
        """Wait until the transport takes more, or the connection ends."""
        await self._room.wait()

    def pauseProducing(self) -> None:  # noqa: N802  (twisted's IPushProducer)
        """More than 64 KiB wait: hold the application."""
        self._room.clear()
        if self._stall is None:
            self._stall = reactor.callLater(settings.SOCKET_STALL_SECONDS, self._give_up)

    def resumeProducing(self) -> None:  # noqa: N802
        """Everything has been written, or nothing will be any more."""
        self._unread_bytes = 0
        self._room.set()
        self._forget_stall()

    def stopProducing(self) -> None:  # noqa: N802
        """The transport is gone."""

    def _give_up(self) -> None:
        self._forget_stall()
        self.serverClose(CLOSE_TRY_LATER)
        self._room.set()

    def _forget_stall(self) -> None:
        if self._stall is not None and self._stall.active():
            self._stall.cancel()
        self._stall = None


class PacedServer(daphne.server.Server):  # type: ignore[misc]
    """daphne's server whose `send` returns when the client's connection has room again."""

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Hand a message to the protocol and wait for room."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, BoundedSocket):
            await protocol.room()


def install() -> None:
    """Make daphne use both; its factory and its command look the classes up by these names."""
    daphne.ws_protocol.WebSocketFactory.protocol = BoundedSocket
    daphne.cli.CommandLineInterface.server_class = PacedServer


def _cut(payload: bytes, *, is_text: bool) -> bytes:
    """A message that is too long, cut right behind the length that makes the application refuse it."""
    most = settings.WEBSOCKET_MAX_MESSAGE_BYTES
    if len(payload) <= most:
        return payload
    head = payload[: most + _LONGEST_CHARACTER_BYTES]
    return head.decode("utf-8", "ignore").encode() if is_text else head
