"""How transactions land: counted from the rows, by day and venue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from orders.lifecycle import AttemptState
from orders.models import Attempt

_LANDED: Final = (AttemptState.LANDED, AttemptState.FAILED_ONCHAIN)
_CHUNK: Final = 2_000


@dataclass(slots=True)
class Landing:
    """The transactions that were first signed on one day for one venue. Fees and tips in lamports.

    ``in_vain`` is what those that failed on chain cost, and is part of the fees.
    """

    sent: int = 0
    landed: int = 0
    failed_on_chain: int = 0
    expired: int = 0
    orders: set[object] = field(default_factory=set)
    confirmation_ms: list[int] = field(default_factory=list)
    network_fees: int = 0
    priority_fees: int = 0
    tips: int = 0
    in_vain: int = 0
    costs_unknown: int = 0

    @property
    def landed_percent(self) -> int | None:
        """Of those whose outcome is known, rounded down; None while none is."""
        known = self.landed + self.expired
        return self.landed * 100 // known if known else None

    @property
    def attempts_per_order(self) -> tuple[int, int]:
        """Sent transactions and their orders: the first over the second is the mean."""
        return self.sent, len(self.orders)


def landings(since: datetime) -> dict[tuple[date, str], Landing]:
    """What came of every transaction signed since then, by UTC day and venue, oldest first."""
    rows = (
        Attempt.objects.filter(created_at__gte=since, sends__gt=0)
        .select_related("order")
        .defer("signed_transaction")
        .order_by("created_at")
        .iterator(_CHUNK)
    )
    found: dict[tuple[date, str], Landing] = defaultdict(Landing)
    for attempt in rows:
        _count(found[attempt.created_at.date(), attempt.venue], attempt)
    return dict(sorted(found.items()))


def total(several: Iterable[Landing]) -> Landing:
    """All of them as one."""
    whole = Landing()
    for one in several:
        whole.sent += one.sent
        whole.landed += one.landed
        whole.failed_on_chain += one.failed_on_chain
        whole.expired += one.expired
        whole.orders |= one.orders
        whole.confirmation_ms += one.confirmation_ms
        whole.network_fees += one.network_fees
        whole.priority_fees += one.priority_fees
        whole.tips += one.tips
        whole.in_vain += one.in_vain
        whole.costs_unknown += one.costs_unknown
    return whole


def rank(values: Sequence[int], percent: int) -> int | None:
    """The percentile by nearest rank, None of nothing."""
    if not values:
        return None
    return sorted(values)[max(-(-percent * len(values) // 100), 1) - 1]


def _count(landing: Landing, attempt: Attempt) -> None:
    order = attempt.order
    landing.sent += 1
    landing.orders.add(order.pk)
    landing.landed += attempt.state in _LANDED
    landing.failed_on_chain += attempt.state == AttemptState.FAILED_ONCHAIN
    landing.expired += attempt.state == AttemptState.EXPIRED
    _count_costs(landing, attempt)
    if attempt.state == AttemptState.LANDED and order.confirmed_at is not None:
        landing.confirmation_ms.append((order.confirmed_at - attempt.created_at) // timedelta(milliseconds=1))


def _count_costs(landing: Landing, attempt: Attempt) -> None:
    network, priority = attempt.network_fee or 0, attempt.priority_fee or 0
    landing.network_fees += network
    landing.priority_fees += priority
    landing.tips += attempt.tip or 0
    if attempt.state == AttemptState.FAILED_ONCHAIN:
        landing.in_vain += network + priority
    # A version before this one settled it.
    landing.costs_unknown += attempt.state in _LANDED and attempt.network_fee is None
