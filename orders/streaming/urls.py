"""Which WebSocket address leads to which endpoint."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import re_path

from orders.streaming import consumers, frames
from orders.streaming.stream import OrderStream


def _by_order_id(without: type[OrderStream], with_order: type[OrderStream]) -> Any:
    """Two endpoints share an address: the one for a single order is named by `?orderId=`."""
    handlers = {False: without.as_asgi(), True: with_order.as_asgi()}

    async def choose(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handlers["orderId" in frames.query_of(scope)](scope, receive, send)

    return choose


async def unknown_address(scope: dict[str, Any], receive: Any, send: Any) -> Any:
    """Refuse the handshake of an address that has no endpoint."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


# Django's types know views only; Channels gives the same patterns ASGI applications.
websocket_urlpatterns: list[Any] = [
    re_path(r"^api/orders/connect/?$", consumers.Connection.as_asgi()),
    re_path(r"^api/orders/ws/?$", _by_order_id(consumers.Feed, consumers.NamedOrder)),
    re_path(r"^api/orders/execute/?$", _by_order_id(consumers.BareConnection, consumers.EnvelopedOrder)),
    re_path(r"^ws/orders/(?P<order_id>[^/]+)/?$", consumers.SingleOrder.as_asgi()),
    re_path(r"", unknown_address),
]
websocket_application = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
