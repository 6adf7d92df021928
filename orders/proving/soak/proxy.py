"""A TCP proxy that can delay, reset, refuse or swallow what goes through it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from typing import Final

from orders.platform.loop_thread import LoopThread

_CHUNK: Final = 65_536
_MOST_PIECES: Final = 64
_CONTROL_SECONDS: Final = 5
# SO_LINGER with a time of 0: close sends RST instead of FIN (socket(7)).
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Mode(StrEnum):
    """What happens to connections, those that are there and new ones."""

    PASS = "pass"  # noqa: S105 -- no password
    RESET = "reset"
    BLACKHOLE = "blackhole"


class TcpProxy:
    """Listens on a loopback port of its own and forwards to another one."""

    def __init__(self, name: str, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._loop = LoopThread(f"proxy-{name}")
        self._mode = Mode.PASS
        self._delay_ms = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen."""
        self._loop.run(self._listen(), _CONTROL_SECONDS)

    def stop(self) -> None:
        """Listen no more and end every connection."""
        self._loop.run(self._close(), _CONTROL_SECONDS)

    def pass_through(self) -> None:
        """Forward everything at once."""
        self._loop.run(self._switch(Mode.PASS, 0), _CONTROL_SECONDS)

    def delay(self, milliseconds: int) -> None:
        """Hold back every piece for so long, in both directions."""
        self._loop.run(self._switch(Mode.PASS, milliseconds), _CONTROL_SECONDS)

    def reset(self) -> None:
        """Reset every connection, and each new one as it comes."""
        self._loop.run(self._switch(Mode.RESET, 0), _CONTROL_SECONDS)

    def blackhole(self) -> None:
        """Accept connections and whatever is sent, forward nothing, answer nothing."""
        self._loop.run(self._switch(Mode.BLACKHOLE, 0), _CONTROL_SECONDS)

    def cut(self) -> None:
        """Reset the connections that are there; new ones work as before."""
        self._loop.run(self._reset_all(), _CONTROL_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._reset_all()

    async def _switch(self, mode: Mode, delay_ms: int) -> None:
        # What a swallowing proxy has swallowed is gone: a connection with a hole in it must not go on.
        if mode is Mode.RESET or self._mode is Mode.BLACKHOLE:
            await self._reset_all()
        self._mode, self._delay_ms = mode, delay_ms

    async def _reset_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode is Mode.RESET:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            _reset(writer)
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= both

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward each piece when its delay is over, while further ones come in: latency, no bandwidth."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_PIECES)
        forwarding = asyncio.create_task(self._forward(pieces, writer))
        with contextlib.suppress(OSError):
            while piece := await reader.read(_CHUNK):
                await pieces.put((self._due(), piece))
        await pieces.put((self._due(), b""))
        await forwarding

    async def _forward(
        self, pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            due, piece = await pieces.get()
            if not piece:
                break
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if self._mode is Mode.PASS:
                with contextlib.suppress(OSError):
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    def _due(self) -> float:
        return asyncio.get_running_loop().time() + self._delay_ms / 1000


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
