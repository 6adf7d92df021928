"""Adds up the figures of days from the events of orders, each event once.

In every worker a thread, of which one at a time is at work. Orders that are carried out by orders of their
own (schedules, budgets) are not counted: those are. An order whose block was dropped again is taken off the
day of its confirmation, and counted where it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders import gateway
from orders.amounts import to_base_units
from orders.errors import InvalidAmount
from orders.lifecycle import FINAL, PAPER, FailureReason, GroupRole, OrderType, Status
from orders.models import Counted, OrderEvent
from orders.platform.lazy_thread import LazyThread
from orders.records import costs, day_figures, feed, price_samples
from orders.records.day_figures import Subject, Sums
from orders.reporting.book_entries import usdc_mint
from orders.reporting.latencies import step_of
from orders.reporting.past_prices import Rate, SampledPrices

logger = logging.getLogger(__name__)

EVENTS_A_STEP: Final = 5_000
_EVERY_SECONDS: Final = 5
_CARRIED_OUT_BY_OTHERS: Final = (GroupRole.SCHEDULE, GroupRole.BUDGET)
_IS_DROPPED: Final = Q(status=Status.SUBMITTED, data__code=FailureReason.FORK_DROPPED.value)
# An order that goes its way at once is confirmed by its fifth event.
_SHORTEST_WAY: Final = 5
_MILLISECOND: Final = timedelta(milliseconds=1)
_COLUMNS: Final = (
    *("order_id", "sequence", "status", "at", "data", "order__user_id", "order__type"),
    *("order__token_in", "order__token_out", "order__created_at"),
)


class Happened(NamedTuple):
    """An event that changes figures, with what of its order does."""

    order_id: UUID
    sequence: int
    status: str
    at: datetime
    data: Mapping[str, Any]
    user_id: Any
    type: str
    token_in: str
    token_out: str
    placed_at: datetime


class Counting:
    """Counts what has happened while this worker holds the lease, until stopped."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = LazyThread("figures", self._run)

    def start(self) -> None:
        """Begin to count; does nothing where it has begun."""
        self._thread.ensure()

    def stop(self) -> None:
        """Count no more; returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            has_more = False
            try:
                has_more = day_figures.hold() and count_on()
            except DatabaseError as error:
                logger.warning("figures are not counted now: %s", type(error).__name__)
                database.close()
            # A long history is caught up with in half of the time: orders are executed by the same process.
            self._stopped.wait(time.monotonic() - began if has_more else _EVERY_SECONDS)
        database.close()


def count_on() -> bool:
    """Count the next events; whether there are more. Raises what the database raises."""
    now, before = timezone.now(), day_figures.state().position
    settled = feed.settled_position()
    if settled is None:
        return False
    until = max(before, min(settled, before + EVENTS_A_STEP))
    caught_up = until == settled
    sums = _sums(_happened(before, until), now) if until > before else {}
    return day_figures.add(sums, before, until, now if caught_up else None) and not caught_up


def _happened(after: int, until: int) -> list[Happened]:
    """Of the events in between those that place or end an order, or take its end back."""
    events = _of_this_network().filter(pk__gt=after, pk__lte=until)
    counted = events.filter(Q(sequence=1) | Q(status__in=FINAL) | _IS_DROPPED)
    rows = counted.exclude(order__group_role__in=_CARRIED_OUT_BY_OTHERS)
    return [Happened(*row) for row in rows.order_by("pk").values_list(*_COLUMNS)]


def _of_this_network() -> QuerySet[OrderEvent]:
    # Orders on paper are those of devnet whose pools there are none of.
    networks = [settings.SOLANA_NETWORK, *([PAPER] if settings.SOLANA_NETWORK == "devnet" else [])]
    return OrderEvent.objects.filter(order__network__in=networks)


def _sums(events: Sequence[Happened], now: datetime) -> dict[Subject, Sums]:
    found: dict[Subject, Sums] = defaultdict(Sums)
    paid = costs.of_orders([event.order_id for event in events if Status(event.status) in FINAL])
    dropped = _dropped(events)
    usdc = _Usdc(now)
    for event in events:
        if event.sequence == 1:
            for sums in _of(found, event, event.at):
                sums.placed += 1
        if Status(event.status) in FINAL:
            _count_end(found, event, usdc)
            # Of one that was dropped the fees were counted with its first end.
            if event.sequence < dropped.get(event.order_id, event.sequence + 1):
                _count_once(found, event, paid.get(event.order_id, costs.NOTHING_PAID))
        elif event.status == Status.SUBMITTED:
            _take_back(found, event, usdc)
    return found


def _count_end(found: dict[Subject, Sums], event: Happened, usdc: _Usdc, by: int = 1) -> None:
    is_confirmed = event.status == Status.CONFIRMED
    value = usdc.value(event) if is_confirmed else 0
    for sums in _of(found, event, event.at):
        setattr(sums, event.status, getattr(sums, event.status) + by)
        sums.volume += by * (value or 0)
        sums.unvalued += by * (value is None)
    if is_confirmed and value:
        found[Subject(_day(event.at), Counted.TOKEN, event.token_in)].sold += by * value


def _count_once(found: dict[Subject, Sums], event: Happened, paid: costs.Paid) -> None:
    for sums in _of(found, event, event.at):
        sums.lamports += paid.network_fee + paid.priority_fee + paid.tip
    # How long an order waits for its price says nothing about the engine.
    if event.status == Status.CONFIRMED and event.type == OrderType.MARKET:
        step = step_of((event.at - event.placed_at) // _MILLISECOND)
        found[Subject(_day(event.at), Counted.ALL)].latencies[step] += 1


def _take_back(found: dict[Subject, Sums], event: Happened, usdc: _Usdc) -> None:
    """Take an order off whose block was dropped, by the event that had said it was confirmed."""
    earlier = OrderEvent.objects.filter(
        order=event.order_id, status=Status.CONFIRMED, sequence__lt=event.sequence
    )
    confirmed = earlier.order_by("-sequence").first()
    if confirmed is not None:
        undone = event._replace(status=Status.CONFIRMED.value, at=confirmed.at, data=confirmed.data)
        _count_end(found, undone, usdc, by=-1)


def _dropped(events: Iterable[Happened]) -> dict[UUID, int]:
    """At which event the block of an order was dropped that had confirmed it, the first time."""
    longer = [event.order_id for event in events if event.sequence > _SHORTEST_WAY]
    if not longer:
        return {}
    dropped = OrderEvent.objects.filter(_IS_DROPPED, order__in=longer).order_by("-sequence")
    return dict(dropped.values_list("order_id", "sequence"))


def _of(found: dict[Subject, Sums], event: Happened, at: datetime) -> Iterator[Sums]:
    """What an event counts for: all orders, its user, and both of its tokens."""
    day = _day(at)
    yield found[Subject(day, Counted.ALL)]
    yield found[Subject(day, Counted.USER, str(event.user_id))]
    for mint in {event.token_in, event.token_out}:
        yield found[Subject(day, Counted.TOKEN, mint)]


def _day(at: datetime) -> Any:
    return at.astimezone(UTC).date()


class _Usdc:
    """What confirmed swaps were worth."""

    def __init__(self, now: datetime) -> None:
        self._mint = usdc_mint()
        self._prices = SampledPrices(self._mint)
        self._kept_since = price_samples.begin() or now
        # By mint and minute: a look-up for each swap would take most of the time.
        self._rates: dict[tuple[str, datetime], Rate | None] = {}

    def value(self, event: Happened) -> int | None:
        """Base units of USDC by the swap's own USDC side, else by the prices of its time; None without."""
        sides = (
            (event.token_in, event.data.get("executedAmountIn")),
            (event.token_out, event.data.get("executedAmountOut")),
        )
        moved = [(mint, amount) for mint, text in sides if (amount := _base_units(mint, text)) is not None]
        for mint, amount in moved:
            if mint == self._mint:
                return amount
        if event.at < self._kept_since or not self._mint:
            return None
        for mint, amount in moved:
            rate = self._rate(mint, event.at)
            if rate is not None:
                return rate.value(amount)
        return None

    def _rate(self, mint: str, at: datetime) -> Rate | None:
        key = mint, at.replace(second=0, microsecond=0)
        if key not in self._rates:
            self._rates[key] = self._prices.rate(mint, at)
        return self._rates[key]


def _base_units(mint: str, text: str | None) -> int | None:
    token = gateway.token_by_mint(mint)
    if token is None or text is None:
        return None
    try:
        return to_base_units(Decimal(text), token.decimals)
    except InvalidAmount:
        return None
