"""The book of positions against books that were worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.reporting.positions import (
    FEES_NOT_VALUED,
    FEES_UNKNOWN,
    NO_PRICE_KEPT,
    PaidInVain,
    Position,
    Swapped,
    fees_by_swap,
    fold,
    usdc_value,
)

USDC, SOL, BONK = "usdc", "sol", "bonk"
WHOLE_SOL = 1_000_000_000
DOLLAR = 1_000_000


def bought(mint: str, amount: int, dollars: int, lamports: int = 0, paid: int = 0) -> Swapped:
    value = dollars * DOLLAR
    return Swapped(USDC, value, mint, amount, value, lamports, paid)


def sold(mint: str, amount: int, dollars: int, lamports: int = 0, paid: int = 0) -> Swapped:
    value = dollars * DOLLAR
    return Swapped(mint, amount, USDC, value, value, lamports, paid)


def test_two_purchases_have_one_average_cost_and_a_sale_its_share() -> None:
    book = fold([bought(SOL, 2, 200), bought(SOL, 1, 160), sold(SOL, 1, 150)], USDC, SOL)
    # 360 for 3: 120 each. Sold for 150: 30 of profit; 2 are left at 240.
    assert book.positions == {SOL: Position(quantity=2, cost=240 * DOLLAR, realised=30 * DOLLAR)}


def test_the_last_sale_takes_what_rounding_has_left() -> None:
    entries = [Swapped(USDC, 100, BONK, 3, 100, 0, 0)]
    entries += [Swapped(BONK, 1, USDC, 40, 40, 0, 0)] * 3
    book = fold(entries[:2], USDC, SOL)
    # 100 // 3 is taken, 67 is left; then 33, then 34.
    assert book.positions[BONK] == Position(quantity=2, cost=67, realised=7)
    assert fold(entries, USDC, SOL).positions[BONK] == Position(quantity=0, cost=0, realised=20)


def test_fees_and_rent_count_onto_a_purchase_and_against_a_sale() -> None:
    entries = [
        bought(SOL, 10 * WHOLE_SOL, 1_000),
        bought(BONK, 500, 50, lamports=2_044_280, paid=300_000),
        sold(BONK, 500, 60, lamports=5_000, paid=700),
    ]
    book = fold(entries, USDC, SOL)
    assert book.positions[BONK] == Position(realised=60 * DOLLAR - 700 - (50 * DOLLAR + 300_000))
    # 10 SOL cost 1,000 USDC: 2,044,280 lamports cost 204,428 units (at 0.1 each), and were worth 300,000;
    # 5,000 cost 500 (rounded down from what is left) and were worth 700.
    assert book.positions[SOL] == Position(
        quantity=10 * WHOLE_SOL - 2_049_280,
        cost=1_000 * DOLLAR - 204_428 - 500,
        realised=300_000 - 204_428 + 700 - 500,
    )


def test_the_profit_of_a_whole_book_is_what_came_in_less_what_went_out() -> None:
    fee = 5_000
    entries = [
        bought(SOL, WHOLE_SOL, 100, fee, 500),
        Swapped(SOL, 400_000_000, BONK, 7_000, 44 * DOLLAR, fee, 550),
        sold(BONK, 7_000, 50, fee, 600),
        sold(SOL, WHOLE_SOL - 400_000_000 - 4 * fee, 72, fee, 700),
    ]
    book = fold(entries, USDC, SOL)
    assert book.positions[BONK] == Position(realised=50 * DOLLAR - 600 - 44 * DOLLAR)
    assert (book.positions[SOL].quantity, book.positions[SOL].cost) == (0, 0)
    total = sum(position.realised or 0 for position in book.positions.values())
    # 50 + 72 came in, 100 went out. The fees of 4 swaps were SOL that is gone: they bring nothing.
    assert total == 22 * DOLLAR


def test_a_swap_of_two_other_tokens_sells_and_buys_at_one_value() -> None:
    entries = [bought(SOL, 4, 400), Swapped(SOL, 1, BONK, 1_000, 110 * DOLLAR, 0, 0)]
    assert fold(entries, USDC, SOL).positions == {
        SOL: Position(quantity=3, cost=300 * DOLLAR, realised=10 * DOLLAR),
        BONK: Position(quantity=1_000, cost=110 * DOLLAR),
    }


def test_what_was_not_bought_here_is_sold_without_a_cost() -> None:
    book = fold([bought(SOL, 1, 100), sold(SOL, 4, 600)], USDC, SOL)
    # A quarter of the 600 was for the one that was bought.
    assert book.positions[SOL] == Position(realised=50 * DOLLAR, without_cost=3)


def test_a_swap_without_a_price_leaves_no_figure_that_needs_it() -> None:
    unpriced = Swapped(SOL, 1, BONK, 1_000, None, 0, 0)
    book = fold([bought(SOL, 2, 200), unpriced, sold(BONK, 400, 10)], USDC, SOL)
    assert book.positions[SOL] == Position(
        quantity=1, cost=100 * DOLLAR, realised=None, profit_missing=NO_PRICE_KEPT
    )
    assert book.positions[BONK] == Position(
        quantity=600, cost=None, realised=None, cost_missing=NO_PRICE_KEPT, profit_missing=NO_PRICE_KEPT
    )


def test_a_position_that_was_sold_whole_has_a_cost_again() -> None:
    unpriced = Swapped(SOL, 1, BONK, 1_000, None, 0, 0)
    book = fold([unpriced, sold(BONK, 1_000, 10), bought(BONK, 7, 3)], USDC, SOL)
    assert (book.positions[BONK].quantity, book.positions[BONK].cost) == (7, 3 * DOLLAR)
    assert book.positions[BONK].realised is None


@pytest.mark.parametrize(("lamports", "why"), [(5_000, FEES_NOT_VALUED), (None, FEES_UNKNOWN)])
def test_fees_without_a_value_leave_no_cost(lamports: int | None, why: str) -> None:
    swap = Swapped(USDC, DOLLAR, BONK, 10, DOLLAR, lamports, None)
    position = fold([swap], USDC, SOL).positions[BONK]
    assert (position.cost, position.cost_missing) == (None, why)


def test_what_failed_in_vain_is_counted_beside_the_positions() -> None:
    book = fold([bought(SOL, WHOLE_SOL, 100), PaidInVain(5_000, 600), PaidInVain(5_000, 700)], USDC, SOL)
    assert (book.lamports_in_vain, book.paid_in_vain) == (10_000, 1_300)
    assert book.positions[SOL].quantity == WHOLE_SOL - 10_000
    assert book.positions[SOL].realised == 1_300 - 1_000


def test_one_unknown_value_of_what_was_paid_in_vain_leaves_none() -> None:
    book = fold([PaidInVain(5_000, None), PaidInVain(5_000, 700)], USDC, SOL)
    assert (book.lamports_in_vain, book.paid_in_vain) == (10_000, None)
    assert book.positions[SOL].without_cost == 10_000


def test_a_swap_is_worth_its_own_usdc_side() -> None:
    assert usdc_value((SOL, 5, USDC, 800), USDC) == 800
    assert usdc_value((USDC, 900, SOL, 5), USDC) == 900
    assert usdc_value((SOL, 5, BONK, 800), USDC) is None


def test_fees_are_worth_what_the_swap_paid_for_sol_rounded_up() -> None:
    assert fees_by_swap((SOL, WHOLE_SOL, USDC, 164_715_062), 5_000, USDC, SOL) == 824
    assert fees_by_swap((USDC, 164_715_062, SOL, WHOLE_SOL), 5_000, USDC, SOL) == 824
    assert fees_by_swap((BONK, 1, USDC, 1), 5_000, USDC, SOL) is None


amounts = st.integers(1, 10**12)
trades = st.lists(st.tuples(st.booleans(), amounts, amounts), max_size=30)


@given(trades)
def test_no_unit_of_cost_is_lost_or_made(rows: list[tuple[bool, int, int]]) -> None:
    """Bought value = cost that is left + cost of what was sold, to the unit."""
    position, spent, got, sold_value = Position(), 0, 0, 0
    for buys, amount, value in rows:
        if buys:
            position.buy(amount, value, "")
            spent += value
        elif position.quantity:
            part = min(amount, position.quantity)
            position.sell(part, value, "")
            got += value
    assert position.cost is not None
    assert position.realised is not None
    sold_value = got - position.realised
    assert position.cost + sold_value == spent
    assert position.quantity or position.cost == 0
