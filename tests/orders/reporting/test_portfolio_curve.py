"""The curve of a portfolio against a book that was worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orders.reporting.past_prices import Rate
from orders.reporting.portfolio_curve import held_at, moments, valued
from orders.reporting.positions import PaidInVain, Swapped
from orders.wire.portfolio_curve import Point

USDC, SOL, BONK = "usdc", "sol", "bonk"
WHOLE_SOL = 1_000_000_000
DOLLAR = 1_000_000
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def dollars(price: int) -> Rate:
    """So many USDC for one SOL."""
    return Rate(price * DOLLAR, WHOLE_SOL)


BOOK = [
    (at(1), Swapped(USDC, 200 * DOLLAR, SOL, 2 * WHOLE_SOL, 200 * DOLLAR, 0, 0)),
    (at(3), Swapped(SOL, WHOLE_SOL, USDC, 120 * DOLLAR, 120 * DOLLAR, 0, 0)),
    (at(5), PaidInVain(5_000, 650)),
]


def test_a_curve_equals_the_book_worked_out_by_hand() -> None:
    books = list(held_at(BOOK, [at(0), at(2), at(3), at(6)], USDC, SOL))
    curve = valued(books, {SOL: {at(2): dollars(110), at(3): dollars(130), at(6): dollars(100)}})
    # 5,000 lamports cost 500 of the 100 USDC that are left and were worth 650, which were paid in vain.
    assert curve.points == [
        Point(at(0), value=0, cost=0, realised=0, unrealised=0),
        Point(at(2), value=220 * DOLLAR, cost=200 * DOLLAR, realised=0, unrealised=20 * DOLLAR),
        Point(at(3), value=130 * DOLLAR, cost=100 * DOLLAR, realised=20 * DOLLAR, unrealised=30 * DOLLAR),
        Point(at(6), value=99_999_500, cost=99_999_500, realised=19_999_500, unrealised=0),
    ]
    assert [point.profit for point in curve.points] == [0, 20 * DOLLAR, 50 * DOLLAR, 19_999_500]
    assert curve.left_out == []


def test_a_moment_without_a_price_is_a_gap() -> None:
    books = list(held_at(BOOK, [at(2), at(4)], USDC, SOL))
    curve = valued(books, {SOL: {at(2): dollars(110)}})
    assert curve.points[1] == Point(at(4), value=None, cost=None, realised=20 * DOLLAR, unrealised=None)
    assert curve.points[1].profit is None


def test_a_token_without_any_price_or_cost_is_left_out_and_named() -> None:
    entries = [*BOOK, (at(6), Swapped(SOL, WHOLE_SOL // 2, BONK, 7, None, 0, 0))]
    [held] = held_at(entries, [at(7)], USDC, SOL)
    curve = valued([held], {SOL: {at(7): dollars(200)}, BONK: {}})
    # The price of the sale of SOL is not known either: its profit until then is what is not counted.
    assert (curve.left_out, curve.points[0].realised) == ([BONK, SOL], -650)


def test_points_are_the_ends_of_spans_and_now() -> None:
    now = NOON + timedelta(minutes=7, seconds=30)
    assert moments(now, 300, 3) == [at(0), at(5), now]
