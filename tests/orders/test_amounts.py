"""Decimal text and base units, there and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.amounts import (
    MAX_AMOUNT,
    amount_at_price,
    from_base_units,
    grouped,
    least_amount_out,
    parse_amount,
    parse_raw_amount,
    price_text,
    to_base_units,
)
from orders.errors import InvalidAmount


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("1.5", "1.5"),
        ("1", "1"),
        (" 2.50 ", "2.50"),
        (".5", "0.5"),
        ("5.", "5"),
        (5, "5"),
        (Decimal("0.000000001"), "1E-9"),
        (Decimal("1e3"), "1000"),
    ],
)
def test_amounts_are_read_from_text_and_numbers(given_value: object, expected: str) -> None:
    assert parse_amount(given_value) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        "0", "0.0", 0, "-1", -1, "+1", "1e3", "NaN", "Infinity", "-Infinity", "", " ", ".", "1,5", "1 5",
        "0x10", "1_000", "٣", "1" * 60, True, False, None, [], {}, 1.5, float("nan"), Decimal("NaN"),
        Decimal("Infinity"), Decimal("1e1000000"), Decimal("1e-1000000"), 10**60,
    ],
)  # fmt: skip
def test_what_is_no_positive_plain_decimal_is_refused(value: object) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(value)


@pytest.mark.parametrize(
    "value", ["1.5", "-1", "0", 0, "", "1e3", True, 1.0, Decimal(1), None, 2**63, "9" * 20]
)
def test_raw_amounts_are_positive_integers_in_range(value: object) -> None:
    with pytest.raises(InvalidAmount):
        parse_raw_amount(value)


def test_the_largest_raw_amount_is_the_column_limit() -> None:
    assert parse_raw_amount(str(MAX_AMOUNT)) == 2**63 - 1


def test_more_decimals_than_the_mint_has_are_refused() -> None:
    assert to_base_units(Decimal("1.000001"), 6) == 1_000_001
    with pytest.raises(InvalidAmount) as refused:
        to_base_units(Decimal("1.0000001"), 6)
    assert refused.value.details == {"decimals": 6}


def test_trailing_zeros_beyond_the_decimals_do_no_harm() -> None:
    assert to_base_units(Decimal("1.50000000"), 6) == 1_500_000


def test_amounts_beyond_the_column_are_refused() -> None:
    with pytest.raises(InvalidAmount):
        to_base_units(Decimal("10000000000"), 9)


@given(raw=st.integers(min_value=1, max_value=MAX_AMOUNT), decimals=st.integers(min_value=0, max_value=12))
def test_base_units_survive_the_way_to_text_and_back(raw: int, decimals: int) -> None:
    text = from_base_units(raw, decimals)
    assert to_base_units(parse_amount(text), decimals) == raw
    assert "e" not in text.lower()
    assert not ("." in text and text.endswith("0"))


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_a_clear_refusal(text: str) -> None:
    try:
        assert parse_amount(text) > 0
    except InvalidAmount as refusal:
        assert refusal.message


def test_prices_are_whole_tokens_out_per_whole_token_in() -> None:
    assert price_text(1_000_000_000, 9, 182_345_678, 6) == "182.345678"
    assert price_text(3, 0, 1, 0) == "0.333333333333"


@pytest.mark.parametrize(
    ("quoted", "slippage_bps", "least"),
    [
        (2, 1, 2),
        (10_000, 1, 9_999),
        (10_001, 1, 10_000),
        (164_718_348, 50, 163_894_757),
        (5, 10_000, 1),
        (7, 0, 7),
    ],
)
def test_the_least_amount_is_rounded_up(quoted: int, slippage_bps: int, least: int) -> None:
    assert least_amount_out(quoted, slippage_bps) == least


@given(st.integers(1, 2**63 - 1), st.integers(0, 10_000))
def test_a_minimum_never_allows_more_than_the_slippage(quoted: int, slippage_bps: int) -> None:
    least = least_amount_out(quoted, slippage_bps)
    assert 1 <= least <= quoted
    assert (quoted - least) * 10_000 <= slippage_bps * quoted


@pytest.mark.parametrize(
    ("amount_in", "decimals_in", "price", "decimals_out", "expected"),
    [
        (3_000_000_000, 9, "164.3", 6, 492_900_000),
        (1, 9, "164.3", 6, 1),
        (1_000_000, 6, "0.00606", 9, 6_060_000),
        (3, 0, "0.5", 0, 2),
    ],
)
def test_a_price_makes_an_amount_rounded_up(
    amount_in: int, decimals_in: int, price: str, decimals_out: int, expected: int
) -> None:
    assert amount_at_price(amount_in, decimals_in, Decimal(price), decimals_out) == expected


def test_a_price_beyond_all_amounts_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        amount_at_price(10**18, 0, Decimal("1e5"), 18)


@pytest.mark.parametrize(
    ("whole", "shown"),
    [("0", "0"), ("999", "999"), ("1000", "1,000"), ("1234567.000089", "1,234,567.000089"), ("0.5", "0.5")],
)
def test_amounts_for_people_are_grouped(whole: str, shown: str) -> None:
    assert grouped(whole) == shown
