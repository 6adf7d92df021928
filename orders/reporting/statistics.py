"""How orders went lately: counts, latencies, venues, slippage, over the newest orders of a window.

Every query is bounded: at most ``MOST_ORDERS`` rows by the index on the date, and the events and
attempts of at most ``MOST_TIMED`` of them. What was left out is said in ``is_cut``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from orders.amounts import shortfall_bps
from orders.lifecycle import FINAL, AttemptState, OrderType, Status
from orders.models import Attempt, Order, OrderEvent
from orders.pipeline.sweeper import oldest_due_seconds

MOST_ORDERS: Final = 10_000
MOST_TIMED: Final = 2_000
BUCKETS: Final = 30
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of ``count`` values (nearest rank), in the unit of the values."""

    count: int
    p50: int
    p95: int
    most: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many orders of a part of the window ended how; ``other`` are under way, cancelled or expired."""

    begins: datetime
    confirmed: int
    failed: int
    other: int


@dataclass(frozen=True, slots=True)
class Paid:
    """Lamports: ``fees`` of all attempts, ``in_vain`` of them for those that failed on chain; tips."""

    fees: int
    in_vain: int
    tips: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of the orders placed from ``since`` to ``until``.

    ``success_percent_tenths`` is confirmed of confirmed, failed and expired, in tenths of a percent,
    rounded down; None when none of these ended. Latencies of market orders in milliseconds from acceptance,
    slippage in basis points against the first quote (above 0: less was received). ``oldest_due_seconds`` is
    of now.
    """

    since: datetime
    until: datetime
    considered: int
    is_cut: bool
    by_status: Mapping[str, int]
    success_percent_tenths: int | None
    to_submitted: Spread | None
    to_confirmed: Spread | None
    by_dex: Sequence[tuple[str, int]]
    slippage: Spread | None
    paid: Paid
    failures: Sequence[tuple[str, int]]
    flow: Sequence[Bucket]
    oldest_due_seconds: int


@dataclass(frozen=True, slots=True)
class _Row:
    order_id: UUID
    type: str
    status: str
    dex: str
    error_code: str
    created_at: datetime
    quoted: int | None
    executed: int | None


def statistics(window: timedelta, now: datetime | None = None) -> Statistics:
    """The figures of the ``window`` that ends now."""
    until = now or timezone.now()
    since = until - window
    rows = _newest(since, until, MOST_ORDERS + 1)
    considered = rows[:MOST_ORDERS]
    by_status = Counter(row.status for row in considered)
    confirmed = [row for row in considered if row.status == Status.CONFIRMED]
    # How long an order waits for its price says nothing about the engine.
    at_once = [row for row in considered if row.type == OrderType.MARKET]
    to_submitted, to_confirmed = _latencies(at_once[:MOST_TIMED])
    return Statistics(
        since=since,
        until=until,
        considered=len(considered),
        is_cut=len(rows) > MOST_ORDERS,
        by_status={status: by_status[status] for status in Status.values if by_status[status]},
        success_percent_tenths=_success(by_status),
        to_submitted=to_submitted,
        to_confirmed=to_confirmed,
        by_dex=Counter(row.dex for row in confirmed).most_common(),
        slippage=spread(
            shortfall_bps(row.quoted, row.executed)
            for row in confirmed
            if row.quoted and row.executed is not None
        ),
        paid=_paid(considered[:MOST_TIMED]),
        failures=Counter(row.error_code for row in considered if row.status == Status.FAILED).most_common(),
        flow=_flow(considered, since, until),
        oldest_due_seconds=oldest_due_seconds(until),
    )


def spread(values: Iterable[int]) -> Spread | None:
    """The percentiles of some values, None for none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(len(ordered), _percentile(ordered, 50), _percentile(ordered, 95), ordered[-1])


def _percentile(ordered: Sequence[int], percent: int) -> int:
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]


def _newest(since: datetime, until: datetime, most: int) -> list[_Row]:
    columns = (
        "pk",
        "type",
        "status",
        "dex",
        "error_code",
        "created_at",
        "slippage_from",
        "executed_amount_out",
    )
    orders = Order.objects.filter(created_at__gt=since, created_at__lte=until).annotate(
        slippage_from=Coalesce("first_quoted_amount_out", "quoted_amount_out")
    )
    newest = orders.order_by("-created_at", "-id").values_list(*columns)[:most]
    return [_Row(*row) for row in newest]


def _success(by_status: Mapping[str, int]) -> int | None:
    # What the client took back says nothing about the engine.
    ended = sum(by_status[status] for status in FINAL - {Status.CANCELLED})
    return by_status[Status.CONFIRMED] * 1000 // ended if ended else None


def _latencies(rows: Sequence[_Row]) -> tuple[Spread | None, Spread | None]:
    placed = {row.order_id: row.created_at for row in rows}
    reached: dict[str, dict[UUID, int]] = {Status.SUBMITTED: {}, Status.CONFIRMED: {}}
    events = OrderEvent.objects.filter(order__in=list(placed), status__in=list(reached))
    for order_id, status, at in events.order_by("sequence").values_list("order_id", "status", "at"):
        # The first time counts: a dropped fork leads there again.
        reached[status].setdefault(order_id, (at - placed[order_id]) // _MILLISECOND)
    return spread(reached[Status.SUBMITTED].values()), spread(reached[Status.CONFIRMED].values())


def _paid(rows: Sequence[_Row]) -> Paid:
    fees = Sum(F("network_fee") + F("priority_fee"), default=0)
    in_vain = Sum(
        F("network_fee") + F("priority_fee"), filter=Q(state=AttemptState.FAILED_ONCHAIN), default=0
    )
    attempts = Attempt.objects.filter(order__in=[row.order_id for row in rows])
    found = attempts.aggregate(fees=fees, in_vain=in_vain, tips=Sum("tip", default=0))
    return Paid(**{name: int(lamports) for name, lamports in found.items()})


def _flow(rows: Sequence[_Row], since: datetime, until: datetime) -> list[Bucket]:
    width = (until - since) / BUCKETS
    counts: list[Counter[str]] = [Counter() for _ in range(BUCKETS)]
    for row in rows:
        counts[min((row.created_at - since) // width, BUCKETS - 1)][row.status] += 1
    return [
        Bucket(
            begins=since + index * width,
            confirmed=count[Status.CONFIRMED],
            failed=count[Status.FAILED],
            other=count.total() - count[Status.CONFIRMED] - count[Status.FAILED],
        )
        for index, count in enumerate(counts)
    ]
