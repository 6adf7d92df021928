"""Purchases that are prepared shortly before a pool opens: quoted for its opening, tried and signed.

Until a pool opens nobody trades in it, so what it will pay at its opening is known, save for what its creator
may still do: add liquidity or take it out, move the opening. So at the opening a purchase is held against its
rules once more, by a quote of that slot; what is prepared saves the time that quoting and signing take.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dex.errors import DexError
from orders.gateway import Opens, PriceLook, Rehearsal
from orders.launches import purchases, rules
from orders.launches.candidates import Sniper
from orders.launches.judging import rehearsal
from orders.models import Launch, Order
from orders.pipeline import express
from orders.pipeline.express import Ready

# From so long before an opening on. A signature lasts as long as its blockhash, and a quote less.
_BEFORE_SECONDS: Final = 3
# Made anew where it is older: what is prepared is then young enough whenever the pool opens.
_LASTS_SLOTS: Final = 5

_Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A purchase in a pool, by ``buyer``; ``rehearsal`` is None where nothing is to be proven.

    It is good for as long as ``ready`` suits the sniper order, of which a budget's purchase has its terms.
    """

    buyer: Order
    ready: Ready
    rehearsal: Rehearsal | None


class Readying:
    """What is prepared, by order and pool; belongs to one thread. All of it may be lost at any moment."""

    def __init__(self) -> None:
        self._prepared: dict[_Key, Prepared] = {}

    def of(self, sniper: Sniper, launch: Launch) -> Prepared | None:
        """What is prepared for an order and a launch."""
        return self._prepared.get((sniper.order.pk, launch.pool))

    def all(self) -> list[Prepared]:
        """All that is prepared."""
        return list(self._prepared.values())

    def keep_only(self, snipers: Collection[Sniper]) -> None:
        """Forget what is for orders that wait no more."""
        waiting = {each.order.pk for each in snipers}
        for key in [key for key in self._prepared if key[0] not in waiting]:
            del self._prepared[key]

    def prepare(self, sniper: Sniper, launch: Launch, prices: PriceLook) -> None:
        """Prepare a purchase, where its opening is near and what is prepared is not as good as new."""
        opens, key = opening(launch), (sniper.order.pk, launch.pool)
        if (
            opens is None
            or not 0 < rules.seconds_until(opens.unit, opens.first, prices.clock) <= _BEFORE_SECONDS
        ):
            return
        market, amount = sniper.market(launch), sniper.order.amount_in
        route = prices.at_opening(opens).of(market, amount).route
        known = self._prepared.get(key)
        if route is None:
            self._prepared.pop(key, None)
            return
        is_new = known is not None and prices.slot - known.ready.slot <= _LASTS_SLOTS
        if known and is_new and known.ready.suits(sniper.order, prices.slot, route.amount_out):
            return
        self._prepared.pop(key, None)
        buyer = purchases.buyer_of(sniper, launch)
        ready = express.make_ready(buyer, launch.pool, opens)
        try:
            trip = rehearsal(buyer, sniper.rules, route)
        except DexError:
            return
        if ready is not None:
            self._prepared[key] = Prepared(buyer, ready, trip)


def opening(launch: Launch) -> Opens | None:
    """When a launch opens, as its row says."""
    if launch.opens_at_point is None or not launch.opens_unit:
        return None
    return Opens(launch.opens_unit, launch.opens_at_point, launch.opens_after)
