"""What the book passes over to save quotes: never an order that its own quote would fire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest

from dex.types import SwapMode
from orders.gateway import Market, PriceLook
from orders.gateway.made_up_markets import MadeUpMarkets
from orders.lifecycle import OrderType
from orders.triggers.book import Book, Entry
from orders.triggers.evaluation import Evaluation
from orders.triggers.rules import UNSEEN, Seen, Terms, Verdict, judge
from tests.orders.chain import TestChain

pytestmark = pytest.mark.django_db

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LOOKS = 6


@pytest.mark.parametrize(
    ("seed", "modes"),
    [
        (1, (SwapMode.EXACT_IN,)),
        (2, (SwapMode.EXACT_IN,)),
        (3, (SwapMode.EXACT_OUT,)),
        (4, (SwapMode.EXACT_IN, SwapMode.EXACT_OUT)),
    ],
)
def test_random_books_fire_what_quotes_of_each_fire(
    chain: TestChain, seed: int, modes: Sequence[SwapMode]
) -> None:
    markets, random = MadeUpMarkets(4, seed, modes), Random(seed)
    book, clock = Book(), [0.0]
    evaluation = Evaluation(book, lambda: clock[0])
    entries = [entry_at_random(markets, random, number) for number in range(120)]
    for entry in entries:
        book.put(entry)
    seen = {entry.order_id: UNSEEN for entry in entries}
    fired = 0
    for _ in range(_LOOKS):
        clock[0] += 0.4
        markets.move()
        expected = fired_by_own_quotes(list(book), markets.look(), seen)
        found = evaluation.of(markets.look(), book.largest())
        assert {one.entry.order_id for one in found.fired} == expected
        fired += len(expected)
        for order_id in expected:
            book.drop(order_id)
    assert fired >= 10


def test_a_second_look_asks_for_few_best_routes(chain: TestChain) -> None:
    markets, random = MadeUpMarkets(4), Random(5)
    book, clock = Book(), [0.0]
    evaluation = Evaluation(book, lambda: clock[0])
    for number in range(400):
        book.put(entry_at_random(markets, random, number, most_bps=2_000))
    evaluation.of(markets.look(), book.largest())
    clock[0] += 0.4
    markets.move()
    look = markets.look()
    evaluation.of(look, book.largest())
    assert look.routes_found < 40


def entry_at_random(markets: MadeUpMarkets, random: Random, number: int, most_bps: int = 30) -> Entry:
    """An order of any size whose level is up to so many basis points from what its amount brings now."""
    market = random.choice(markets.markets)
    largest = markets.largest(market)
    amount = max(2_000, (largest >> random.randrange(14)) * random.randrange(70, 100) // 100)
    value = markets.look().of(market, amount).value
    assert value is not None
    return Entry(
        number=0,
        order_id=UUID(int=number),
        version=1,
        market=market,
        amount=amount,
        terms=terms_at_random(market, value, random, most_bps),
        created_at=_NOW,
        due_at=_NOW,
    )


def terms_at_random(market: Market, value: int, random: Random, most_bps: int) -> Terms:
    """A limit or stop; of an exact output what it costs at most, from below."""
    bps = random.randrange(1, most_bps)
    higher, lower = value * (10_000 + bps) // 10_000, value * (10_000 - bps) // 10_000
    if market.mode is SwapMode.EXACT_OUT:
        return Terms(OrderType.LIMIT, at_or_below=lower)
    if random.random() < 0.5:
        return Terms(OrderType.LIMIT, at_or_above=higher)
    return Terms(OrderType.STOP, at_or_below=lower, confirmations=random.randrange(1, 3))


def fired_by_own_quotes(entries: Sequence[Entry], prices: PriceLook, seen: dict[UUID, Seen]) -> set[UUID]:
    fired = set()
    for entry in entries:
        value = prices.of(entry.market, entry.amount).value
        verdict, seen[entry.order_id] = judge(entry.terms, value, prices.slot, seen[entry.order_id])
        if verdict is Verdict.FIRE:
            fired.add(entry.order_id)
    return fired
