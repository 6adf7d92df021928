"""An engine's endpoints with answers written down beforehand, on a port of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# RFC 6455, section 1.3: what a server mixes into the client's key.
_WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BREAK_OFF = "break off"


@dataclass(slots=True)
class ScriptedEngine:
    """REST answers are (status, body) in turn, the last one for good, BREAK_OFF closes the connection.

    Each stream sends its events and ends: with 1000 after the last one, else by breaking off.
    """

    answers: Sequence[tuple[int, Any] | str]
    streams: Sequence[Sequence[dict[str, Any]]] = ()
    requests: list[tuple[str, Any]] = field(default_factory=list)
    stream_paths: list[str] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if "sec-websocket-key" in headers:
            key = next(
                line[19:] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
            )
            await self._stream(path, key.strip(), writer)
            return False
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self._next_answer(f"{method} {path}", body)
        if isinstance(answer, str):
            return False
        status, content = answer
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(encoded)}\r\n\r\n".encode() + encoded)
        await writer.drain()
        return True

    def _next_answer(self, call: str, body: bytes) -> tuple[int, Any] | str:
        """What is written down; a client that asks for the network first gets it besides."""
        if call == "GET /api/tokens":
            return 200, {"network": "localnet", "wallet": None, "tokens": []}
        self.requests.append((call, json.loads(body) if body else None))
        return self.answers[min(len(self.requests), len(self.answers)) - 1]

    async def _stream(self, path: str, key: str, writer: asyncio.StreamWriter) -> None:
        events = self.streams[len(self.stream_paths)]
        self.stream_paths.append(path)
        accept = base64.b64encode(hashlib.sha1((key + _WEBSOCKET_GUID).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        for event in events:
            text = json.dumps(event).encode()
            writer.write(struct.pack("!BBH", 0x81, 126, len(text)) + text)
        await writer.drain()


@contextmanager
def running(engine: ScriptedEngine) -> Iterator[ScriptedEngine]:
    """Serve ``engine`` from a thread; its ``url`` is then known."""
    ready, stopping = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
        engine.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stopping.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield engine
    finally:
        loops[0].call_soon_threadsafe(stopping.set)
        thread.join(5)
