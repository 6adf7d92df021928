"""WebSocket clients of the real ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator as PlainCommunicator
from channels.testing import WebsocketCommunicator

from orderengine.asgi import application
from orders.streaming.stream import in_database
from tests.factories import OrderFactory, UserFactory, advance

PATIENCE_SECONDS = 5


class Socket(WebsocketCommunicator):  # type: ignore[misc]
    """A client that waits for messages with a deadline."""

    def __init__(self, path: str, headers: dict[str, str] | None = None, subprotocols: Any = None) -> None:
        named = {"host": "testserver", **(headers or {})}
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
        super().__init__(application, path, pairs, subprotocols)

    async def send_input(self, message: dict[str, Any]) -> None:
        """As in the engine: Channels' own version keeps the threads' database connections open."""
        await PlainCommunicator.send_input(self, message)

    async def receive_output(self, timeout: float = 1) -> Any:  # noqa: ASYNC109  (asgiref's signature)
        """As in the engine, see ``send_input``."""
        return await PlainCommunicator.receive_output(self, timeout)

    async def next(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = await self.receive_json_from(PATIENCE_SECONDS)
        return message

    async def statuses(self, count: int) -> list[tuple[int, str]]:
        """Sequence and status of the next messages, which must be events."""
        messages = [await self.next() for _ in range(count)]
        return [(message["sequence"], message["status"]) for message in messages]

    async def closing_code(self) -> int:
        """The code with which the server closes next."""
        output = await self.receive_output(PATIENCE_SECONDS)
        assert output["type"] == "websocket.close", output
        return int(output["code"])


@asynccontextmanager
async def opened(path: str, **handshake: Any) -> AsyncIterator[Socket]:
    """A connection that was accepted."""
    socket = Socket(path, **handshake)
    accepted, _subprotocol = await socket.connect(PATIENCE_SECONDS)
    assert accepted
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=PATIENCE_SECONDS)


async def refusal(path: str, **handshake: Any) -> int:
    """The code of a handshake that was refused."""
    socket = Socket(path, **handshake)
    accepted, code = await socket.connect(PATIENCE_SECONDS)
    assert not accepted
    return int(code)


async def new_order(**columns: Any) -> Any:
    """An order of the user `local`, or of ``user``."""

    def make() -> Any:
        owner = columns.pop("user", None) or _local()
        return OrderFactory(user=owner, **columns)

    return await in_database(make)


async def moved(order: Any, *statuses: Any, **last_data: Any) -> Any:
    """The order after these transitions."""
    return await in_database(lambda: advance(order, *statuses, **last_data))


def _local() -> Any:
    from orders.access.authentication import local_user

    return local_user()


async def new_user(**columns: Any) -> Any:
    """Another user."""
    return await in_database(lambda: UserFactory(**columns))
