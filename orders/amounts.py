"""Amounts between the wire (decimal text) and the books (integer base units). No float on either side."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from orders.errors import InvalidAmount

# The largest amount that a signed 64-bit column holds, in base units.
MAX_AMOUNT: Final = 2**63 - 1
# Of an exact output whose price no quote has bound yet: more than anything costs.
NOT_BOUND_YET: Final = MAX_AMOUNT
# Enough for 2**64 base units of a mint with 18 decimals; longer text is refused before it is parsed.
_MAX_TEXT: Final = 48
_PLAIN: Final = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_RAW: Final = re.compile(r"\d{1,20}", re.ASCII)
_EXACT: Final = Context(prec=80)
_PRICE: Final = Context(prec=12, rounding=ROUND_HALF_EVEN)
_BPS: Final = 10_000


def parse_amount(value: object) -> Decimal:
    """A positive amount of whole tokens from text or a JSON number; raises InvalidAmount."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidAmount("An amount is a decimal string or a number")
    if isinstance(value, Decimal) and not value.is_finite():
        raise InvalidAmount("An amount must be finite")
    text = value.strip() if isinstance(value, str) else _number_text(value)
    if len(text) > _MAX_TEXT or not _PLAIN.fullmatch(text):
        raise InvalidAmount("An amount is a plain positive decimal, for example 1.5")
    amount = Decimal(text)
    if amount <= 0:
        raise InvalidAmount("An amount must be greater than zero")
    return amount


def _number_text(value: int | Decimal) -> str:
    # A JSON number may be spelled 1e-3. Expanding a huge exponent would cost memory, so look first.
    number = Decimal(value) if isinstance(value, Decimal) or abs(value) < 10**_MAX_TEXT else None
    if number is None or abs(number.adjusted()) > _MAX_TEXT:
        raise InvalidAmount("The amount is out of range")
    return format(number, "f")


def decimal_text(number: Decimal | None) -> str | None:
    """A number as plain decimal text, as it was given; None where there is none."""
    return None if number is None else format(number, "f")


def parse_raw_amount(value: object) -> int:
    """A positive integer of base units from text or a JSON integer; raises InvalidAmount."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidAmount("A raw amount is an integer of base units")
    if isinstance(value, str) and not _RAW.fullmatch(value.strip()):
        raise InvalidAmount("A raw amount is an integer of base units")
    return _require_range(int(value))


def to_base_units(amount: Decimal, decimals: int) -> int:
    """Whole tokens as base units; raises InvalidAmount on too many decimals, or beyond 2**63-1."""
    raw = _EXACT.scaleb(amount, decimals)
    if raw != raw.to_integral_value():
        raise InvalidAmount(f"This token has {decimals} decimals", decimals=decimals)
    return _require_range(int(raw))


def from_base_units(raw: int, decimals: int) -> str:
    """Base units as whole tokens: plain decimal text, no exponent, no trailing zeros."""
    if not decimals:
        return str(raw)
    digits = str(abs(raw)).zfill(decimals + 1)
    rest = digits[-decimals:].rstrip("0")
    sign = "-" if raw < 0 else ""
    return f"{sign}{digits[:-decimals]}.{rest}" if rest else f"{sign}{digits[:-decimals]}"


def grouped(whole: str) -> str:
    """The text of `from_base_units` for people: thousands apart by commas."""
    digits, point, rest = whole.partition(".")
    return f"{int(digits):,}{point}{rest}"


def price_text(amount_in: int, decimals_in: int, amount_out: int, decimals_out: int) -> str:
    """Whole tokens out per whole token in, to 12 significant digits."""
    whole_in = _EXACT.scaleb(Decimal(amount_in), -decimals_in)
    whole_out = _EXACT.scaleb(Decimal(amount_out), -decimals_out)
    text = format(_PRICE.divide(whole_out, whole_in), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _require_range(raw: int) -> int:
    if raw <= 0:
        raise InvalidAmount("An amount must be greater than zero")
    if raw > MAX_AMOUNT:
        raise InvalidAmount("The amount is out of range")
    return raw


def least_amount_out(quoted: int, slippage_bps: int) -> int:
    """The least that a swap must give for its quote and slippage, in base units of the token out.

    Rounded up, so that the slippage is never more than was allowed; at least 1, since 0 would accept
    anything.
    """
    return max(1, -(-quoted * (_BPS - slippage_bps) // _BPS))


def most_amount_in(quoted: int, slippage_bps: int) -> int:
    """The most that a swap may take for its quote and slippage; base units of the token in, rounded down."""
    return quoted * (_BPS + slippage_bps) // _BPS


def amount_at_price(
    amount_in: int,
    decimals_in: int,
    price: Decimal,
    decimals_out: int,
    *,
    inverted: bool = False,
    round_up: bool = True,
) -> int:
    """What ``amount_in`` gives at ``price``, whole tokens out per whole token in; ``inverted``: in per out.

    All amounts are base units. Rounded up, for a limit; or down. Raises InvalidAmount for less than 1, and
    beyond 2**63-1.
    """
    rate = 1 / Fraction(price) if inverted else Fraction(price)
    exact = amount_in * rate * Fraction(10) ** (decimals_out - decimals_in)
    return _require_range(math.ceil(exact) if round_up else math.floor(exact))


def amount_for_price(
    amount_out: int, decimals_out: int, price: Decimal, decimals_in: int, *, inverted: bool = False
) -> int:
    """What ``amount_out`` costs at ``price``, said as for `amount_at_price`, rounded down.

    All amounts are base units. Raises InvalidAmount beyond 2**63-1, and where it is less than one unit.
    """
    return amount_at_price(
        amount_out, decimals_out, price, decimals_in, inverted=not inverted, round_up=False
    )


def shortfall_bps(quoted: int, received: int) -> int:
    """How far ``received`` falls short of ``quoted`` (at least 1), in basis points rounded up.

    Both in base units; below 0 when more was received.
    """
    return -((received - quoted) * _BPS // quoted)


def realised_slippage_bps(quoted: int | None, received: int | None) -> int | None:
    """How far the amount received fell short of the quote, rounded up; negative when it was more.

    Both in base units; None while either is unknown.
    """
    if not quoted or received is None:
        return None
    return shortfall_bps(quoted, received)
