"""Which new pools are looked for now: by the setting, and by open sniper orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from orders import gateway
from orders.index_conditions import IS_WAITING
from orders.lifecycle import GroupRole, OrderType
from orders.models import Order

OFF: Final = "off"
WANTED: Final = "wanted"
ALL: Final = "all"
CHOICES: Final = (OFF, WANTED, ALL)
# Nodes bound the subscriptions of a connection, and each mint takes some on either side of every venue.
MOST_MINTS: Final = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """``everything``: pools of any token; ``mints`` are named by orders, ``quotes`` is what they pay with."""

    everything: bool = False
    mints: frozenset[str] = frozenset()
    quotes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everything or bool(self.mints)

    def sides(self, mints: tuple[str, str]) -> tuple[str, str] | None:
        """The token of a pool and what it is bought with; None where the pool is not looked for.

        A pool of two listed tokens is none of a new token, unless an order names one of them.
        """
        first, second = mints
        for token, quote in ((first, second), (second, first)):
            if token in self.mints and self._pays(quote):
                return token, quote
        for token, quote in ((first, second), (second, first)):
            if self.everything and self._pays(quote) and gateway.listed_token(token) is None:
                return token, quote
        return None

    def _pays(self, mint: str) -> bool:
        return mint in self.quotes or gateway.listed_token(mint) is not None


def wanted_now() -> Wanted:
    """By the setting and by the sniper orders that are open now; a budget of any token wants all."""
    if settings.LAUNCHES == OFF:
        return Wanted()
    open_snipers = Order.objects.filter(
        IS_WAITING, network=settings.SOLANA_NETWORK, type=OrderType.SNIPER
    ).order_by("created_at")
    rows = list(open_snipers.values_list("token_in", "token_out", "group_role")[: 10 * MOST_MINTS])
    named = dict.fromkeys(token for _, token, role in rows if role != GroupRole.BUDGET)
    return Wanted(
        everything=settings.LAUNCHES == ALL or any(role == GroupRole.BUDGET for *_, role in rows),
        mints=frozenset(list(named)[:MOST_MINTS]),
        quotes=frozenset(paid for paid, *_ in rows),
    )
