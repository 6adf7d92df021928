"""Following all orders of a group: those that are there, and those that come with it later.

A bracket's exits come with the event that confirms its entry, a schedule's rounds with an event of its own:
so after each delivery the groups are asked for orders that are not known yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from orders.lifecycle import GroupKind
from orders.models import Order
from orders.streaming.feed import FeedStream
from orders.streaming.stream import in_database


class GroupStream(FeedStream):
    """A stream that follows the orders of groups as they come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By group, the orders of it that have been followed: one that was let go is not followed again.
        self._known: dict[UUID, set[UUID]] = {}

    async def follow_groups_of(self, orders: Iterable[Order]) -> None:
        """Follow what is tied to these orders, now and later."""
        for order in orders:
            if order.group_id is not None:
                self._known.setdefault(order.group_id, set()).add(order.pk)
        await self._find_more()

    async def delivered(self) -> None:
        """Orders may have come with what was delivered."""
        await super().delivered()
        await self._find_more()

    async def look_again(self) -> None:
        """Also for orders that no event has brought."""
        await super().look_again()
        await self._find_more()

    async def _find_more(self) -> None:
        if not self._known:
            return
        found = await in_database(_members, self.user.pk, list(self._known))
        fresh: set[UUID] = set()
        for group_id, (kind, members) in found.items():
            known = self._known.get(group_id)
            if known is None:
                continue
            fresh |= members - known
            known |= members
            if kind == GroupKind.OCO:
                # No others come.
                self._known.pop(group_id, None)
        self._watch(fresh)
        await self.discover(fresh)
        running = self.following.running()
        for group_id in found:
            if self._known.get(group_id, set(running)).isdisjoint(running):
                self._known.pop(group_id, None)


def _members(user_id: Any, group_ids: Collection[UUID]) -> Mapping[UUID, tuple[str, set[UUID]]]:
    """Kinds and orders of a user's groups."""
    found: dict[UUID, tuple[str, set[UUID]]] = {}
    rows = Order.objects.filter(user_id=user_id, group__in=group_ids).order_by()
    for group_id, kind, order_id in rows.values_list("group", "group__kind", "pk"):
        found.setdefault(group_id, (kind, set()))[1].add(order_id)
    return found
