"""Tokens whose transfer fee has a maximum: a large amount may have a better price than a small one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from dex.localnet.genesis_tokens import FEE_TOKEN
from dex.types import NO_BOUNDS, SwapMode
from orders import gateway
from orders.gateway import Market, PriceLook
from orders.lifecycle import OrderType
from orders.triggers.book import Book, Entry
from orders.triggers.evaluation import Evaluation
from orders.triggers.rules import Terms
from tests.orders.chain import TestChain
from tests.orders.rows import USDC

pytestmark = pytest.mark.django_db

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FEE = str(FEE_TOKEN.mint)
# The first amounts bear 5 %, larger ones no more than this: of the same number of bits.
_FEE_BPS, _MOST_FEE = 500, 2**33 // 20
_SMALL, _LARGE = 2**33, 2**34 - 1
_NEWER_FEE_OFFSET = 166 + 4 + 64 + 8 + 18


@pytest.fixture
def capped(chain: TestChain) -> Iterator[TestChain]:
    """A chain whose token of Token-2022 keeps 5 % of a transfer, at most 429.5 of it."""
    account = chain.network.account(FEE_TOKEN.mint)
    assert account is not None
    fees = struct.pack("<QQHQQH", 0, _MOST_FEE, _FEE_BPS, 0, _MOST_FEE, _FEE_BPS)
    at = _NEWER_FEE_OFFSET - 18
    chain.change_account(FEE_TOKEN.mint, data=account.data[:at] + fees + account.data[at + len(fees) :])
    yield chain
    chain.change_account(FEE_TOKEN.mint, data=account.data)


def entry(number: int, market: Market, amount: int, terms: Terms) -> Entry:
    return Entry(0, UUID(int=number), 1, market, amount, terms, _NOW, _NOW)


def fired_of(entries: list[Entry], prices: PriceLook) -> set[int]:
    book = Book()
    for one in entries:
        book.put(one)
    return {fired.entry.order_id.int for fired in Evaluation(book).of(prices, book.largest()).fired}


def look(market: Market) -> tuple[PriceLook, int, int]:
    """A look, and what a unit of the small and of the large amount brings or costs, times 2**32."""
    prices = gateway.look_at({market: _LARGE})
    values = [prices.of(market, amount).value for amount in (_SMALL, _LARGE)]
    small, large = (
        value * 2**32 // amount for value, amount in zip(values, (_SMALL, _LARGE), strict=True) if value
    )
    return prices, small, large


def test_a_large_limit_order_fires_at_its_own_price(capped: TestChain) -> None:
    market = Market(_FEE, USDC, SwapMode.EXACT_IN, NO_BOUNDS)
    prices, small, large = look(market)
    value = prices.of(market, _LARGE).value
    assert value is not None
    assert large > small * 102 // 100
    far = Terms(OrderType.LIMIT, at_or_above=2 * value)
    entries = [
        entry(1, market, _SMALL, far),
        entry(2, market, _LARGE, Terms(OrderType.LIMIT, at_or_above=value)),
        entry(3, market, _LARGE - 1, Terms(OrderType.LIMIT, at_or_above=value + 10)),
    ]

    assert fired_of(entries, gateway.look_at({market: _LARGE})) == {2}


def test_a_small_stop_fires_at_its_own_price(capped: TestChain) -> None:
    market = Market(_FEE, USDC, SwapMode.EXACT_IN, NO_BOUNDS)
    prices, _, _ = look(market)
    value = prices.of(market, _SMALL).value
    assert value is not None
    far = [
        entry(number, market, _LARGE - number, Terms(OrderType.STOP, at_or_below=1)) for number in range(2, 7)
    ]
    entries = [entry(1, market, _SMALL, Terms(OrderType.STOP, at_or_below=value)), *far]

    assert fired_of(entries, gateway.look_at({market: _LARGE})) == {1}


def test_a_capped_fee_on_what_is_bought_counts_too(capped: TestChain) -> None:
    market = Market(USDC, _FEE, SwapMode.EXACT_OUT, NO_BOUNDS)
    prices, small, large = look(market)
    value = prices.of(market, _LARGE).value
    assert value is not None
    assert large < small * 98 // 100
    entries = [
        entry(1, market, _SMALL, Terms(OrderType.LIMIT, at_or_below=1)),
        entry(2, market, _LARGE, Terms(OrderType.LIMIT, at_or_below=value)),
    ]

    assert fired_of(entries, gateway.look_at({market: _LARGE})) == {2}
