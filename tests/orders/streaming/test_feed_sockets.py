"""The feed over WebSocket: a cursor on each event, and a connection that goes on behind one."""

from __future__ import annotations

import pytest

from orders.lifecycle import Status
from orders.wire.actions import SUBSCRIBED
from orders.wire.events import UPDATE
from tests.orders.sockets import moved, new_order, new_user, opened
from tests.orders.wire.schemas import validator

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}


async def test_a_subscription_of_the_feed_begins_behind_what_is_there() -> None:
    order = await new_order()
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "requestId": 1})
        begun = await socket.next()
        validator(SUBSCRIBED).validate(begun)
        await moved(order, Status.ROUTING)
        event = await socket.next()
        validator(UPDATE).validate(event)
        assert (event["orderId"], event["status"]) == (str(order.pk), "routing")
        assert int(event["cursor"]) > int(begun["cursor"])


async def test_a_cursor_of_an_event_is_where_the_next_connection_goes_on() -> None:
    order = await moved(await new_order(), Status.ROUTING)
    await new_order(user=await new_user())
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "after": "0"})
        assert (await socket.next())["type"] == "subscribed"
        first = await socket.next()
        assert (await socket.next())["status"] == "routing"
    async with opened(f"/api/orders/ws?after={first['cursor']}") as socket:
        assert (await socket.next())["cursor"] == first["cursor"]
        assert await socket.statuses(1) == [(2, "routing")]
        await moved(order, Status.BUILDING)
        assert await socket.statuses(1) == [(3, "building")]
        later = await new_order()
        assert (await socket.next())["orderId"] == str(later.pk)


async def test_an_order_that_is_followed_too_is_told_once() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe"})
        assert (await socket.next())["type"] == "subscribed"
        await socket.send_json_to({**FIVE_SOL, "requestId": "x"})
        placed = await socket.next()
        other = await new_order()
        event = await socket.next()
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}
    assert (placed["sequence"], event["orderId"]) == (1, str(other.pk))


async def test_unsubscribing_from_the_feed_leaves_single_orders() -> None:
    order, other = await new_order(), await new_order()
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "unsubscribe"})
        assert (await socket.next())["code"] == "NOT_FOUND"
        await socket.send_json_to({"action": "subscribe"})
        await socket.next()
        await socket.send_json_to({"action": "subscribe", "orderId": str(order.pk)})
        await socket.next()
        await socket.send_json_to({"action": "unsubscribe"})
        assert await socket.next() == {"type": "unsubscribed"}
        await moved(other, Status.ROUTING)
        await moved(order, Status.ROUTING)
        assert (await socket.next())["orderId"] == str(order.pk)


@pytest.mark.parametrize("after", [5, "x", None, "", True])
async def test_a_cursor_that_is_none_is_refused(after: object) -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "after": after})
        answer = await socket.next()
        assert (answer["code"], list(answer["details"])) == ("INVALID_REQUEST", ["after"])
