"""Amounts against an oracle of their own: a decimal number as a person would write it, nothing else."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orders.amounts import MAX_AMOUNT, from_base_units, parse_amount, parse_raw_amount, to_base_units
from orders.errors import InvalidAmount, OrderError
from orders.wire.errors import known_codes
from orders.wire.json import read_json
from orders.wire.request_parsing import parse_order

DECIMALS = st.integers(0, 18)
RAW = st.integers(1, MAX_AMOUNT)
# ASCII digits with at most one point; blanks around it are let go.
WRITTEN = re.compile(r"(?=.*[0-9])[0-9]*\.?[0-9]*")
NEARLY_A_NUMBER = st.text(st.sampled_from("0123456789.,+-eE_ \t\u0660\u0663\uff15\u00b2xXnaif"), max_size=60)


@given(raw=RAW, decimals=DECIMALS)
def test_every_amount_of_every_mint_survives_text_and_number(raw: int, decimals: int) -> None:
    text = from_base_units(raw, decimals)
    number = read_json(f'{{"amount":{text}}}')["amount"]

    assert Fraction(text) == Fraction(raw, 10**decimals)
    assert re.fullmatch(r"[0-9]+(\.[0-9]*[1-9])?", text)
    assert type(number) in {int, Decimal}
    for given_value in (text, f"  {text} ", number):
        assert to_base_units(parse_amount(given_value), decimals) == raw


@settings(max_examples=500)
@given(NEARLY_A_NUMBER)
@example("1" * 49)
@example("\uff11")
def test_text_is_an_amount_exactly_when_it_is_written_as_one(text: str) -> None:
    bare = text.strip()
    is_amount = bool(WRITTEN.fullmatch(bare)) and len(bare) <= 48 and bool(set(bare) & set("123456789"))
    try:
        amount = parse_amount(text)
    except InvalidAmount:
        assert not is_amount
    else:
        assert is_amount
        assert Fraction(amount) == Fraction(("0" + bare).rstrip(".") if bare[0] == "." else bare.rstrip("."))


@given(NEARLY_A_NUMBER)
def test_base_units_are_ascii_digits_within_the_column(text: str) -> None:
    bare = text.strip()
    is_raw = bool(re.fullmatch(r"[0-9]{1,20}", bare)) and 0 < int(bare) <= MAX_AMOUNT
    try:
        assert parse_raw_amount(text) == int(bare)
        assert is_raw
    except InvalidAmount:
        assert not is_raw


@given(raw=RAW, decimals=st.integers(0, 17), beyond=st.integers(1, 9))
def test_a_digit_beyond_the_mints_decimals_is_refused(raw: int, decimals: int, beyond: int) -> None:
    finer = Decimal(raw) * 10 + beyond
    with pytest.raises(InvalidAmount):
        to_base_units(finer.scaleb(-decimals - 1), decimals)


@given(st.integers(-(10**60), 10**60) | st.decimals(allow_nan=True) | st.floats() | st.none() | st.booleans())
def test_numbers_are_positive_finite_and_never_floats(value: Any) -> None:
    try:
        amount = parse_amount(value)
    except InvalidAmount:
        return
    assert type(value) in {int, Decimal}
    assert amount == value > 0


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}
FIELDS = ("tokenIn", "tokenOut", "type", "slippageBps", "limitPrice", "expiresAt", "clientOrderId")


@pytest.mark.parametrize("field", [*FIELDS, "amountIn"])
@settings(max_examples=60, deadline=None)
@given(value=JSON_VALUES)
def test_any_value_in_a_field_of_a_good_order_is_read_or_refused(field: str, value: Any) -> None:
    order = ORDER | {field: value}
    try:
        intent = parse_order(read_json(json.dumps(order)))
    except OrderError as error:
        assert error.http_status == 400
        assert error.code in known_codes()
        json.dumps(error.as_wire()).encode()
        if not error.code.startswith("MALFORMED"):
            assert field in error.details
    else:
        assert type(intent.amount) is Decimal
