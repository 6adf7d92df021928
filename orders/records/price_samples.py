"""Rows of prices: seconds for an hour, minutes for 30 days. A price is base units out for one whole token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import Max, QuerySet

from orders.index_conditions import IS_CONFIRMED
from orders.models import Order, PriceSample
from orders.records import leases, open_orders
from orders.records.open_orders import Pair

SECOND: Final = 1
MINUTE: Final = 60
KEEP_SECONDS: Final = timedelta(hours=1)
KEEP_MINUTES: Final = timedelta(days=30)
# A price that is older than this when a swap took place is not the price of its time.
_AROUND: Final = timedelta(minutes=2)
# What was bought is held for longer than a day: its value over time wants prices as long as they are kept.
_LATELY: Final = KEEP_MINUTES
_MOST_SWAPS: Final = 1_000
_BATCH: Final = 500


class Prices(NamedTuple):
    """First, highest, lowest and last price of a span."""

    opening: int
    highest: int
    lowest: int
    closing: int


class Span(NamedTuple):
    """When a span begins, and its prices."""

    at: datetime
    prices: Prices


def ours(seconds: int) -> QuerySet[PriceSample]:
    """Rows of this engine's network."""
    return PriceSample.objects.filter(network=settings.SOLANA_NETWORK, seconds=seconds)


def write(prices: Mapping[Pair, int], at: datetime) -> None:
    """Put down the prices of the second of ``at``; where it has a row already, that stays."""
    second = at.replace(microsecond=0)
    spans = [(pair, Span(second, Prices(price, price, price, price))) for pair, price in prices.items()]
    with leases.forgettable():
        _insert(SECOND, spans)


def roll_up(now: datetime) -> None:
    """Make rows of minutes from those of seconds, for all minutes that have ended."""
    ends = _minute_of(now)
    last = ours(MINUTE).aggregate(last=Max("at"))["last"]
    begins = max(ends - KEEP_SECONDS, last + timedelta(minutes=1) if last else ends - KEEP_SECONDS)
    if begins >= ends:
        return
    minutes: dict[tuple[Pair, datetime], Prices] = {}
    for row in ours(SECOND).filter(at__gte=begins, at__lt=ends).order_by("at").iterator(_BATCH):
        key = (row.token_in, row.token_out), _minute_of(row.at)
        minutes[key] = joined(minutes.get(key), _prices_of(row))
    with leases.forgettable():
        _insert(MINUTE, [(pair, Span(at, prices)) for (pair, at), prices in minutes.items()])


def prune(now: datetime) -> None:
    """Delete what is kept no longer, of every network."""
    for seconds, keep in ((SECOND, KEEP_SECONDS), (MINUTE, KEEP_MINUTES)):
        with leases.forgettable():
            PriceSample.objects.filter(seconds=seconds, at__lt=now - keep).delete()


def read(pair: Pair, seconds: int, begins: datetime, ends: datetime) -> list[Span]:
    """The spans of a pair from ``begins`` until before ``ends``, oldest first."""
    rows = ours(seconds).filter(token_in=pair[0], token_out=pair[1], at__gte=begins, at__lt=ends)
    columns = rows.order_by("at").values_list("at", "opening", "highest", "lowest", "closing")
    return [Span(at, Prices(*prices)) for at, *prices in columns]


def newest_at(pair: Pair, seconds: int, before: datetime) -> datetime | None:
    """When the last span of a pair began that is kept."""
    rows = ours(seconds).filter(token_in=pair[0], token_out=pair[1], at__lt=before)
    return rows.order_by("-at").values_list("at", flat=True).first()


def near(pair: Pair, at: datetime) -> int | None:
    """The last price of a pair before ``at``, at most two minutes old; None where none is kept."""
    for seconds in (SECOND, MINUTE):
        # A minute is known when it has ended.
        until = at if seconds == SECOND else at - timedelta(seconds=MINUTE)
        rows = ours(seconds).filter(token_in=pair[0], token_out=pair[1], at__lte=until, at__gt=at - _AROUND)
        found = rows.order_by("-at").values_list("closing", flat=True).first()
        if found is not None:
            return found
    return None


def closings(pair: Pair, minutes: Iterable[datetime]) -> dict[datetime, int]:
    """The last prices of those of these minutes that are kept, by when they began."""
    wanted, found = list(minutes), dict[datetime, int]()
    for first in range(0, len(wanted), _BATCH):
        rows = ours(MINUTE).filter(token_in=pair[0], token_out=pair[1], at__in=wanted[first : first + _BATCH])
        found |= dict(rows.values_list("at", "closing"))
    return found


def begin() -> datetime | None:
    """Since when there are prices of this network; None where there are none."""
    firsts = [
        ours(seconds).order_by("at").values_list("at", flat=True).first() for seconds in (SECOND, MINUTE)
    ]
    return min((at for at in firsts if at is not None), default=None)


def traded_pairs(now: datetime) -> set[Pair]:
    """Pairs of open orders, and of the newest orders that have swapped while minutes are kept."""
    newest = Order.objects.filter(IS_CONFIRMED, created_at__gt=now - _LATELY).order_by("-created_at", "-id")
    swapped = newest.values_list("network", "token_in", "token_out")[:_MOST_SWAPS]
    network = settings.SOLANA_NETWORK
    return open_orders.pairs() | {(sold, bought) for of, sold, bought in swapped if of == network}


def joined(earlier: Prices | None, later: Prices) -> Prices:
    """Two spans as one."""
    if earlier is None:
        return later
    return Prices(
        earlier.opening,
        max(earlier.highest, later.highest),
        min(earlier.lowest, later.lowest),
        later.closing,
    )


def _insert(seconds: int, spans: Iterable[tuple[Pair, Span]]) -> None:
    rows = [
        PriceSample(
            network=settings.SOLANA_NETWORK,
            token_in=pair[0],
            token_out=pair[1],
            seconds=seconds,
            at=span.at,
            **span.prices._asdict(),
        )
        for pair, span in spans
    ]
    PriceSample.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def _prices_of(row: PriceSample) -> Prices:
    return Prices(row.opening, row.highest, row.lowest, row.closing)


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
