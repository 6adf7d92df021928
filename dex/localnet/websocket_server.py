"""WebSocket server of the subscriptions, one port above the HTTP one, as on a node."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dex.localnet.errors import INVALID_REQUEST, PARSE_ERROR, RpcError, invalid_params
from dex.localnet.parameters import Parameters
from dex.localnet.pubsub import Send, SubscriptionHub

# Notifications that a client may be behind with before it is cut off.
_MOST_WAITING: Final = 20_000
_TRY_AGAIN_LATER: Final = 1013


class WebSocketServer:
    """Connections that subscribe to the chain."""

    def __init__(self, hub: SubscriptionHub) -> None:
        self._hub = hub
        self._server: Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listens; raises OSError when the port is taken."""
        self._server = await serve(self._serve, host, port, compression=None)

    async def stop(self) -> None:
        """Stops listening and closes all connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        outbox = _Outbox(connection)
        sender = asyncio.create_task(outbox.run())
        try:
            async for message in connection:
                self._receive(message, outbox.put)
        except ConnectionClosed:
            return
        finally:
            self._hub.drop(outbox.put)
            sender.cancel()

    def _receive(self, message: str | bytes, send: Send) -> None:
        try:
            request = json.loads(message)
        except ValueError:
            send(_encode(None, RpcError(PARSE_ERROR, "Parse error")))
            return
        for single in request if isinstance(request, list) else [request]:
            self._answer(single, send)

    def _answer(self, request: object, send: Send) -> None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            send(_encode(None, RpcError(INVALID_REQUEST, "Invalid request")))
            return
        identity = request.get("id")
        try:
            params = request.get("params") or []
            if not isinstance(params, list):
                raise invalid_params("`params` should be an array")
            result, follow_up = self._hub.call(request["method"], Parameters(params), send)
        except RpcError as error:
            send(_encode(identity, error))
            return
        send(json.dumps({"jsonrpc": "2.0", "result": result, "id": identity}))
        follow_up()


class _Outbox:
    """Messages to one client in order, sent as fast as it takes them."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)
        self._cut_off: asyncio.Task[None] | None = None

    def put(self, message: str) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(message)
        elif self._cut_off is None:
            self._cut_off = asyncio.create_task(self._connection.close(_TRY_AGAIN_LATER, "too slow"))

    async def run(self) -> None:
        try:
            while True:
                await self._connection.send(await self._waiting.get())
        except ConnectionClosed:
            return


def _encode(identity: object, error: RpcError) -> str:
    return json.dumps({"jsonrpc": "2.0", "error": error.as_object(), "id": identity})
