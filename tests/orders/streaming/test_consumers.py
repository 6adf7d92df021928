"""The WebSocket endpoints: who may in, and what a subscriber is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orders.lifecycle import Status
from orders.models import Order
from orders.streaming import cursor, groups
from orders.streaming.stream import in_database
from tests.factories import SIGNATURE
from tests.orders.sockets import moved, new_order, new_user, opened

pytestmark = pytest.mark.django_db(transaction=True)
TO_THE_CHAIN = (Status.ROUTING, Status.BUILDING, Status.SUBMITTED)
FIVE_SOL = {"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 5}


async def test_one_connection_submits_and_streams_to_the_end() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**FIVE_SOL, "requestId": 7, "clientOrderId": "mine"})
        first = await socket.next()
        order = await in_database(Order.objects.get)

        assert first == {
            "type": "update",
            "orderId": str(order.pk),
            "sequence": 1,
            "status": "pending",
            "at": first["at"],
            "requestId": 7,
            "clientOrderId": "mine",
        }
        await moved(order, *TO_THE_CHAIN, txHash=SIGNATURE)
        assert await socket.statuses(2) == [(2, "routing"), (3, "building")]
        submitted = await socket.next()
        assert (submitted["status"], submitted["txHash"]) == ("submitted", SIGNATURE)
        assert "requestId" not in submitted
        await moved(order, Status.CONFIRMED)
        assert await socket.statuses(1) == [(5, "confirmed")]
        await socket.send_json_to({"action": "ping", "requestId": "p"})
        assert await socket.next() == {"type": "pong", "requestId": "p"}


async def test_one_connection_follows_many_orders() -> None:
    async with opened("/api/orders/connect") as socket:
        ids = []
        for number in range(3):
            await socket.send_json_to({**FIVE_SOL, "requestId": number})
            message = await socket.next()
            assert (message["requestId"], message["sequence"]) == (number, 1)
            ids.append(message["orderId"])
        for order_id in reversed(ids):
            await moved(await _order(order_id), Status.ROUTING)
        told = [(message["orderId"], message["sequence"]) for message in [await socket.next() for _ in ids]]
        assert sorted(told) == sorted((order_id, 2) for order_id in ids)


async def test_the_same_client_order_id_gives_the_same_order_and_its_history() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**FIVE_SOL, "clientOrderId": "once"})
        first = await socket.next()
        await moved(await _order(first["orderId"]), Status.ROUTING)
        await socket.next()
        await socket.send_json_to({**FIVE_SOL, "clientOrderId": "once", "requestId": "r"})
        again = [await socket.next() for _ in range(2)]

    assert [message["orderId"] for message in again] == [first["orderId"]] * 2
    assert [message["sequence"] for message in again] == [1, 2]
    assert (again[0]["requestId"], again[0]["replayed"]) == ("r", True)
    assert await in_database(Order.objects.count) == 1


async def test_a_late_subscriber_gets_the_history_first_then_live() -> None:
    order = await moved(await new_order(), *TO_THE_CHAIN)
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "orderId": str(order.pk), "requestId": "s"})
        first = await socket.next()
        assert (first["sequence"], first["requestId"]) == (1, "s")
        assert await socket.statuses(3) == [(2, "routing"), (3, "building"), (4, "submitted")]
        await moved(order, Status.CONFIRMED)
        assert await socket.statuses(1) == [(5, "confirmed")]


async def test_after_skips_what_the_client_has() -> None:
    order = await moved(await new_order(), *TO_THE_CHAIN)
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "orderId": str(order.pk), "after": 3})
        assert await socket.statuses(1) == [(4, "submitted")]


async def test_unsubscribing_ends_one_stream_and_no_other() -> None:
    kept, dropped = await new_order(), await new_order()
    async with opened("/api/orders/connect") as socket:
        for order in (kept, dropped):
            await socket.send_json_to({"action": "subscribe", "orderId": str(order.pk)})
            await socket.next()
        await socket.send_json_to({"action": "unsubscribe", "orderId": str(dropped.pk)})
        assert await socket.next() == {"type": "unsubscribed", "orderId": str(dropped.pk)}
        await moved(dropped, Status.ROUTING)
        await moved(kept, Status.ROUTING)
        assert (await socket.next())["orderId"] == str(kept.pk)


async def test_cancelling_is_answered_by_the_cancelled_event() -> None:
    order = await new_order()
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "cancel_order", "orderId": str(order.pk), "requestId": "c"})
        message = await socket.next()
        assert (message["status"], message["sequence"], message["requestId"]) == ("cancelled", 2, "c")
        await socket.send_json_to({"action": "cancel_order", "orderId": str(order.pk), "requestId": "d"})
        message = await socket.next()
        assert (message["type"], message["code"], message["requestId"]) == ("error", "NOT_CANCELLABLE", "d")


async def test_a_waiting_order_is_amended_and_cancelled_on_a_socket() -> None:
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({**FIVE_SOL, "type": "limit", "limitPrice": "200"})
        order_id = (await socket.next())["orderId"]
        amendment = {"action": "amend_order", "orderId": order_id, "limitPrice": "190", "requestId": "a"}
        await socket.send_json_to({**amendment, "version": 1})
        message = await socket.next()
        assert (message["status"], message["sequence"], message["requestId"]) == ("open", 2, "a")
        assert message["trigger"]["firesAtOrAbove"] == "950"
        await socket.send_json_to({**amendment, "version": 1})
        assert (await socket.next())["code"] == "CHANGED_MEANWHILE"
        await socket.send_json_to({"action": "cancel_all", "requestId": "b"})
        answer, ended = sorted([await socket.next(), await socket.next()], key=lambda each: each["type"])
        assert answer == {
            "type": "cancelled_all",
            "cancelled": 1,
            "orderIds": [order_id],
            "notCancelled": [],
            "requestId": "b",
        }
        assert (ended["orderId"], ended["status"]) == (order_id, "cancelled")


async def test_a_single_order_stream_closes_after_the_final_event() -> None:
    order = await moved(await new_order(), *TO_THE_CHAIN)
    async with opened(f"/ws/orders/{order.pk}") as socket:
        assert await socket.statuses(4) == [(1, "pending"), (2, "routing"), (3, "building"), (4, "submitted")]
        await moved(order, Status.FAILED, error="DEX routing failed", code="ROUTING_FAILED")
        last = await socket.next()
        assert (last["status"], last["error"]) == ("failed", "DEX routing failed")
        assert await socket.closing_code() == 1000


async def test_a_finished_order_is_told_whole_and_closed() -> None:
    order = await moved(await new_order(), Status.CANCELLED)
    async with opened(f"/ws/orders/{order.pk}?after=1") as socket:
        assert await socket.statuses(1) == [(2, "cancelled")]
        assert await socket.closing_code() == 1000
    async with opened(f"/ws/orders/{order.pk}?after=2") as socket:
        assert await socket.closing_code() == 1000


async def test_a_confirmation_that_was_forked_away_does_not_end_the_replay() -> None:
    order = await moved(await new_order(), *TO_THE_CHAIN, Status.CONFIRMED, Status.SUBMITTED)
    async with opened(f"/ws/orders/{order.pk}?after=4") as socket:
        assert await socket.statuses(2) == [(5, "confirmed"), (6, "submitted")]
        await moved(order, Status.CONFIRMED)
        assert await socket.statuses(1) == [(7, "confirmed")]
        assert await socket.closing_code() == 1000


async def test_the_enveloped_stream_carries_the_event_as_data() -> None:
    order = await moved(await new_order(), Status.ROUTING)
    async with opened(f"/api/orders/execute?orderId={order.pk}&after=1") as socket:
        message = await socket.next()
        assert message.keys() == {"type", "data"}
        assert message["type"] == "update"
        assert message["data"] == {
            "orderId": str(order.pk),
            "sequence": 2,
            "status": "routing",
            "at": message["data"]["at"],
        }


async def test_on_the_bare_door_an_object_without_action_is_an_order() -> None:
    async with opened("/api/orders/execute") as socket:
        await socket.send_json_to({"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1.5"})
        assert await socket.statuses(1) == [(1, "pending")]
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}
    assert (await in_database(Order.objects.get)).amount_in == 1_500_000_000


async def test_the_feed_tells_every_order_of_the_caller_and_nobody_elses() -> None:
    under_way = await moved(await new_order(), Status.ROUTING)
    async with opened("/api/orders/ws") as socket:
        assert await socket.statuses(2) == [(1, "pending"), (2, "routing")]
        await new_order(user=await new_user())
        later = await new_order()
        message = await socket.next()
        assert (message["orderId"], message["sequence"]) == (str(later.pk), 1)
        await moved(under_way, Status.BUILDING)
        message = await socket.next()
        assert (message["orderId"], message["sequence"]) == (str(under_way.pk), 3)


async def test_the_feed_leaves_out_what_had_ended_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    groups.use(groups.FanOut(poll_seconds=0.05))
    looks = []
    read = cursor.orders_since

    def noted(user_id: Any, moment: Any) -> Any:
        looks.append(read(user_id, moment))
        return looks[-1]

    monkeypatch.setattr("orders.streaming.cursor.orders_since", noted)
    ended = await moved(await new_order(), *TO_THE_CHAIN, Status.CONFIRMED)
    async with opened("/api/orders/ws") as socket:
        deadline = asyncio.get_running_loop().time() + 5
        while len(looks) < 3:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        assert looks[0] == [ended.pk]
        await moved(ended, Status.SUBMITTED)
        assert await socket.statuses(1) == [(6, "submitted")]


async def test_the_feed_can_be_narrowed_to_one_order() -> None:
    order = await new_order()
    async with opened(f"/api/orders/ws?orderId={order.pk}") as socket:
        await new_order()
        await moved(order, Status.ROUTING)
        assert await socket.statuses(2) == [(1, "pending"), (2, "routing")]


@pytest.mark.parametrize(
    "path", ["/ws/orders/{}", "/api/orders/ws?orderId={}", "/api/orders/execute?orderId={}"]
)
@pytest.mark.parametrize("order_id", ["none", "5f0c3a52-2a4e-4c0e-9a55-6f1d0b7c9e21", "others"])
async def test_a_stream_of_what_is_not_the_callers_is_closed(path: str, order_id: str) -> None:
    if order_id == "others":
        order_id = str((await new_order(user=await new_user())).pk)
    async with opened(path.format(order_id)) as socket:
        message = await socket.next()
        assert (message["type"], message["code"]) == ("error", "NOT_FOUND")
        assert await socket.closing_code() == 4404


async def test_a_stream_refuses_a_position_that_is_none() -> None:
    order = await new_order()
    async with opened(f"/ws/orders/{order.pk}?after=-1") as socket:
        message = await socket.next()
        assert (message["code"], list(message["details"])) == ("INVALID_REQUEST", ["after"])
        assert await socket.closing_code() == 4400


async def test_floods_are_closed() -> None:
    async with opened("/api/orders/connect") as socket:
        for _ in range(51):
            await socket.send_json_to({"action": "ping"})
        for _ in range(50):
            assert await socket.next() == {"type": "pong"}
        assert await socket.closing_code() == 4008


async def test_a_reader_of_many_events_sees_each_once_and_in_order() -> None:
    orders = [await new_order() for _ in range(5)]
    async with opened("/api/orders/ws") as socket:
        await asyncio.gather(*(moved(order, *TO_THE_CHAIN, Status.CONFIRMED) for order in orders))
        seen: dict[str, list[int]] = {}
        for _ in range(25):
            message = await socket.next()
            seen.setdefault(message["orderId"], []).append(message["sequence"])
        assert seen == {str(order.pk): [1, 2, 3, 4, 5] for order in orders}
        assert await socket.receive_nothing(0.2)


async def _order(order_id: str) -> Order:
    return await in_database(lambda: Order.objects.get(pk=order_id))


async def test_an_order_with_more_events_than_a_page_is_replayed_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursor, "EVENTS_A_PAGE", 3)
    order = await new_order()
    await moved(order, *[Status.ROUTING] * 10)
    async with opened(f"/ws/orders/{order.pk}") as socket:
        assert [sequence for sequence, _ in await socket.statuses(11)] == list(range(1, 12))
        await moved(order, Status.BUILDING)
        assert await socket.statuses(1) == [(12, "building")]


async def test_a_replay_reads_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor, "EVENTS_A_PAGE", 3)
    order = await new_order()
    await moved(order, *[Status.ROUTING] * 6)
    found = await in_database(cursor.rows_after, {order.pk: 2})
    assert [event.sequence for event in found] == [3, 4, 5]
