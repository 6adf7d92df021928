"""A portfolio over time: what swaps had left at each moment, at the prices of then, and their profit so far.

The wallet's balance of the past is in no row; what swaps have left is, so the curve is of that alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser

from orders import gateway
from orders.reporting import positions
from orders.reporting.book_entries import entries_of, usdc_mint
from orders.reporting.candles import start_of
from orders.reporting.past_prices import Rate, SampledPrices
from orders.reporting.positions import Book, PaidInVain, Swapped
from orders.wire.portfolio_curve import Curve, Point

Dated = tuple[datetime, Swapped | PaidInVain]
# By mint and moment.
Rates = Mapping[str, Mapping[datetime, Rate]]


class Held(NamedTuple):
    """A book at a moment: quantity and cost of each token that it held, and profit in base units of USDC.

    ``unknown`` are the mints whose profit cannot be counted.
    """

    at: datetime
    positions: Mapping[str, tuple[int, int | None]]
    realised: int
    unknown: frozenset[str]


def curve_of(user: AbstractBaseUser, interval: int, points: int, now: datetime) -> Curve:
    """The user's curve until now: a point at the end of each of the last spans of ``interval`` seconds."""
    usdc = usdc_mint()
    prices = SampledPrices(usdc)
    books = list(held_at(entries_of(user, prices, usdc), moments(now, interval, points), usdc, gateway.SOL))
    rates = {
        mint: prices.rates(mint, [book.at for book in books if mint in book.positions])
        for mint in {mint for book in books for mint in book.positions}
    }
    return valued(books, rates)


def moments(now: datetime, interval: int, points: int) -> list[datetime]:
    """The last ends of spans before now, oldest first, and now."""
    newest = start_of(now, interval)
    ends = [newest - timedelta(seconds=interval * back) for back in range(points - 1)]
    return [*reversed(ends), now]


def held_at(entries: Iterable[Dated], at: Sequence[datetime], usdc: str, sol: str) -> Iterator[Held]:
    """The book after all entries up to each of these moments; both come oldest first."""
    book, left = Book(), iter(entries)
    entry = next(left, None)
    for moment in at:
        while entry is not None and entry[0] <= moment:
            positions.enter(book, entry[1], usdc, sol)
            entry = next(left, None)
        yield _held(book, moment)


def valued(books: Sequence[Held], rates: Rates) -> Curve:
    """What these books were worth. A token without any price is left out; one without one then is a gap."""
    priced = frozenset(mint for mint, found in rates.items() if found)
    unpriced = {mint for book in books for mint in book.positions} - priced
    unknown = {mint for book in books for mint in book.unknown | _without_cost(book)}
    left_out = sorted(_name(mint) for mint in unpriced | unknown)
    return Curve([_point(book, rates, priced) for book in books], left_out)


def _held(book: Book, at: datetime) -> Held:
    known = [each.realised for each in book.positions.values() if each.realised is not None]
    return Held(
        at,
        {mint: (each.quantity, each.cost) for mint, each in book.positions.items() if each.quantity},
        sum(known) - (book.paid_in_vain or 0),
        frozenset(mint for mint, each in book.positions.items() if each.realised is None),
    )


def _without_cost(book: Held) -> set[str]:
    return {mint for mint, (_, cost) in book.positions.items() if cost is None}


def _point(book: Held, rates: Rates, priced: frozenset[str]) -> Point:
    value = cost = unrealised = 0
    for mint, (quantity, paid) in book.positions.items():
        if mint not in priced:
            continue
        rate = rates[mint].get(book.at)
        if rate is None:
            return Point(book.at, None, None, book.realised, None)
        worth = rate.value(quantity)
        value += worth
        if paid is not None:
            cost += paid
            unrealised += worth - paid
    return Point(book.at, value, cost, book.realised, unrealised)


def _name(mint: str) -> str:
    token = gateway.token_by_mint(mint)
    return token.symbol if token else mint
