"""The WebSocket endpoints, each a form of the same stream.

| endpoint | class |
|---|---|
| `/api/orders/connect` | Connection |
| `/api/orders/ws` | Feed, or NamedOrder with `?orderId=` |
| `/api/orders/execute` | BareConnection, or EnvelopedOrder with `?orderId=` |
| `/ws/orders/{orderId}` | SingleOrder |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from orders import errors
from orders.access.credentials import require_lasting
from orders.access.permissions import require_trade
from orders.intake.amend import amend_order
from orders.intake.batch import place_batch
from orders.intake.cancel import cancel_all, cancel_order
from orders.intake.place import place_order
from orders.lifecycle import FINAL
from orders.models import Order
from orders.notify import hints
from orders.streaming import cursor, frames
from orders.streaming.close_codes import CLOSE_DONE
from orders.streaming.feed import FeedStream
from orders.streaming.group_following import GroupStream
from orders.streaming.shared_reads import shared_rows
from orders.streaming.stream import Result, in_database
from orders.streaming.watermarks import WatermarkStream
from orders.wire.actions import AFTER, FEED_AFTER, ORDER_FIELD
from orders.wire.amendments import Amendment, parse_amendment
from orders.wire.batches import outcomes_as_wire, read_batch
from orders.wire.groups import CANCELLED
from orders.wire.message import Rows
from orders.wire.request_fields import LATEST, MAX_SEQUENCE, bounded_integer, order_uuid
from orders.wire.request_parsing import parse_order

Subject = TypeVar("Subject")

# Orders are looked for a little further back than the last look: clocks of processes differ.
_OVERLAP: Final = timedelta(seconds=30)


class Connection(GroupStream):
    """`/api/orders/connect`: submits orders and follows any number of them."""

    default_action: ClassVar[str | None] = None

    async def act(self, message: dict[str, Any], request_id: Any) -> None:
        """Act on a message of `orders.wire.actions.ACTIONS`."""
        action = message.pop("action", self.default_action)
        frames.require_known_fields(action, message)
        actions: dict[Any, Callable[[dict[str, Any], Any], Awaitable[None]]] = {
            "execute_order": self._execute,
            "execute_orders": self._execute_many,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "cancel_order": self._cancel,
            "amend_order": self._amend,
            "cancel_all": self._cancel_all,
        }
        if isinstance(action, str) and action in actions:
            await actions[action](message, request_id)
        else:
            await super().act({"action": action, **message}, request_id)

    async def _execute(self, message: dict[str, Any], request_id: Any) -> None:
        intent = parse_order(message)
        placed = await in_database(self._allowed, place_order, intent)
        aside = {"requestId": request_id, "clientOrderId": intent.client_order_id}
        if placed.replayed:
            aside["replayed"] = True
        present = {name: value for name, value in aside.items() if value is not None}
        await self.follow([placed.order.pk], **present)
        await self.follow_groups_of([placed.order])

    async def _execute_many(self, message: dict[str, Any], request_id: Any) -> None:
        outcomes = await in_database(self._allowed, place_batch, read_batch(message))
        await self.reply({"type": "batch", "results": outcomes_as_wire(outcomes)}, request_id)
        placed = [outcome.order for outcome in outcomes if outcome.order is not None]
        await self.follow([order.pk for order in placed])
        await self.follow_groups_of(placed)

    async def _subscribe(self, message: dict[str, Any], request_id: Any) -> None:
        if "orderId" not in message:
            await self.subscribe_feed(message.get("after", LATEST), request_id)
            return
        order = await self._own_order(message)
        most = settings.SUBSCRIPTIONS_PER_SOCKET
        if most and order.pk not in self.following and len(self.following) >= most:
            raise errors.TooManyRequests("This connection follows as many orders as it may", mostOrders=most)
        await self.follow([order.pk], _after(message.get("after")), **_aside(request_id))

    async def _unsubscribe(self, message: dict[str, Any], request_id: Any) -> None:
        if "orderId" not in message:
            if not self.unsubscribe_feed():
                raise errors.NotFound("This connection does not follow the feed")
            await self.reply({"type": "unsubscribed"}, request_id)
            return
        order_id = order_uuid(message.get("orderId"))
        if not self.following.unfollow(order_id):
            raise errors.NotFound("This connection does not follow such an order")
        await self.reply({"type": "unsubscribed", "orderId": str(order_id)}, request_id)

    async def _cancel(self, message: dict[str, Any], request_id: Any) -> None:
        order = await in_database(self._allowed, cancel_order, order_uuid(message.get("orderId")))
        after = self.following.running().get(order.pk, order.version - 1)
        await self.follow([order.pk], after, **_aside(request_id))

    async def _amend(self, message: dict[str, Any], request_id: Any) -> None:
        order_id = order_uuid(message.pop("orderId", None))
        amendment = parse_amendment(message)
        order = await in_database(self._allowed, _amend(order_id), amendment)
        after = self.following.running().get(order.pk, order.version - 1)
        await self.follow([order.pk], after, **_aside(request_id))

    async def _cancel_all(self, message: dict[str, Any], request_id: Any) -> None:
        found = await in_database(self._allowed, cancel_all, Q())
        await self.reply({"type": "cancelled_all", **CANCELLED.of(found)}, request_id)
        running = self.following.running()
        await self.deliver({order.pk: running[order.pk] for order in found.cancelled if order.pk in running})

    def _allowed(self, action: Callable[[AbstractBaseUser, Subject], Result], subject: Subject) -> Result:
        # A connection outlives its token for a while; what it does with it must not.
        require_lasting(self.credential)
        require_trade(self.user, self.credential.token_id)
        return action(self.user, subject)

    async def _own_order(self, message: dict[str, Any]) -> Order:
        order_id = order_uuid(message.get("orderId"))
        order = await in_database(cursor.own_order, self.user.pk, order_id)
        if order is None:
            raise errors.NotFound("There is no such order")
        return order


class BareConnection(Connection):
    """`/api/orders/execute`: as Connection, and an object without an action is an order."""

    default_action = "execute_order"


class SingleOrder(WatermarkStream):
    """`/ws/orders/{orderId}`: one order's stream, closed after its final event."""

    query = Rows(AFTER)

    async def begin(self) -> None:
        """Refuse what is not the caller's, then join, replay and stream."""
        query = self.values
        after = bounded_integer(query, "after", 0, 0, MAX_SEQUENCE)
        named = self.scope["url_route"]["kwargs"].get("order_id") or query.get("orderId")
        order_id = order_uuid(named)
        await self.join(hints.order_group(order_id))
        order = await in_database(cursor.own_order, self.user.pk, order_id)
        if order is None:
            raise errors.NotFound("There is no such order")
        await self.follow([order_id], after)
        if order.status in FINAL and after >= order.version:
            await self.close(CLOSE_DONE)

    async def delivered(self) -> None:
        """Close when the last row sent is final; one that a fork took back is not the last."""
        if not self.following.running():
            await self.close(CLOSE_DONE)


class NamedOrder(SingleOrder):
    """`/api/orders/ws?orderId=`: the same, with the order in the query."""

    query = Rows(ORDER_FIELD, AFTER)


class EnvelopedOrder(NamedOrder):
    """`/api/orders/execute?orderId=`: the same stream as {"type": "update", "data": {…}}."""

    @staticmethod
    def envelope(message: dict[str, Any]) -> dict[str, Any]:
        """The event inside `data`."""
        return {"type": message["type"], "data": {k: v for k, v in message.items() if k != "type"}}


class Feed(FeedStream):
    """`/api/orders/ws`: every event of every order of the caller, beginning with the active ones.

    With `?after=` a cursor of the feed, it goes on behind that instead.
    """

    query = Rows(FEED_AFTER)

    async def begin(self) -> None:
        """Join, replay the orders that are under way, then stream all of them."""
        if "after" in self.values:
            await super().begin()
            await self.subscribe_feed(self.values["after"])
            return
        self._seen_until = timezone.now()
        # What has ended before this connection joins is not its to send, though the first look
        # goes back to it. By rows, not by the clock: nothing that ends from here on is passed over.
        since = self._seen_until - _OVERLAP
        for order_id, sequence in await in_database(cursor.ended_since, self.user.pk, since):
            self.following.pass_over(order_id, sequence)
        await self.join(hints.user_group(self.user.pk), all_hints=True)
        await self.discover(await in_database(cursor.active_orders, self.user.pk))

    async def hinted(self, hints: Mapping[UUID, int]) -> None:
        """An order learned of for the first time is sent from its beginning."""
        if not self.follows_feed:
            await self.discover(hints)
        await super().hinted(hints)

    async def look_again(self) -> None:
        """Find orders that no hint has named, besides new events of the known ones."""
        if self.follows_feed:
            await super().look_again()
            return
        now = timezone.now()
        since = self._seen_until - _OVERLAP
        found = await shared_rows().orders.ask({self.user.pk: since})
        await self.discover(found[self.user.pk])
        self._seen_until = now
        await super().look_again()

    def has_work(self) -> bool:
        """A new order may come at any time."""
        return True

    def sends_watermarks_of(self, order_id: UUID) -> bool:
        """Of all orders."""
        return True


def _amend(order_id: UUID) -> Callable[[AbstractBaseUser, Amendment], Order]:
    return lambda user, amendment: amend_order(user, order_id, amendment)


def _aside(request_id: Any) -> dict[str, Any]:
    return {} if request_id is None else {"requestId": request_id}


def _after(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEQUENCE:
        raise errors.InvalidRequest(after=f"an integer from 0 to {MAX_SEQUENCE}")
    return value
