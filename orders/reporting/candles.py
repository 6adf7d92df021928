"""Candles: prices and own volume of spans, from sampled rows. Integers and decimal text, no float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser

from dex.types import Token
from orders.amounts import from_base_units, price_text
from orders.records import price_samples
from orders.records.open_orders import Pair
from orders.records.price_samples import MINUTE, SECOND, Prices, Span
from orders.reporting.fills import confirmed_swaps
from orders.wire.candles import Candle

MOST_CANDLES: Final = 1_500
# Own trades, and base units of token in and token out that they moved.
_Volume = tuple[int, int, int]
_NOTHING: Final[_Volume] = (0, 0, 0)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair, the seconds of a candle, and from when until before when."""

    token_in: Token
    token_out: Token
    interval: int
    begins: datetime
    ends: datetime

    @property
    def pair(self) -> Pair:
        """By mints."""
        return str(self.token_in.mint), str(self.token_out.mint)


def candles(asked: Asked, user: AbstractBaseUser) -> list[Candle]:
    """The candles that have a price or an own trade, oldest first, the newest ``MOST_CANDLES``."""
    pair = _sampled_direction(asked)
    spans = grouped(_spans(asked, pair), asked.interval)
    volume = _volumes(asked, user)
    begins = sorted(spans.keys() | volume.keys())[-MOST_CANDLES:]
    is_turned = pair != asked.pair
    return [_candle(asked, at, spans.get(at), volume.get(at, _NOTHING), is_turned) for at in begins]


def grouped(spans: Iterable[Span], interval: int) -> dict[datetime, Prices]:
    """Prices of spans of ``interval`` seconds, by when they begin; ``spans`` come oldest first."""
    found: dict[datetime, Prices] = {}
    for span in spans:
        at = start_of(span.at, interval)
        found[at] = price_samples.joined(found.get(at), span.prices)
    return found


def start_of(moment: datetime, interval: int) -> datetime:
    """When the span of ``interval`` seconds begins that holds a moment; days begin at midnight UTC."""
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return _EPOCH + timedelta(seconds=seconds - seconds % interval)


def _spans(asked: Asked, pair: Pair) -> list[Span]:
    """Minutes, and behind the last of them seconds, in the direction that is sampled."""
    if asked.interval < MINUTE:
        return price_samples.read(pair, SECOND, asked.begins, asked.ends)
    minutes = price_samples.read(pair, MINUTE, start_of(asked.begins, MINUTE), asked.ends)
    since = minutes[-1].at + timedelta(seconds=MINUTE) if minutes else asked.begins
    return minutes + price_samples.read(pair, SECOND, since, asked.ends)


def _sampled_direction(asked: Asked) -> Pair:
    """The one that the newest row is of."""
    both = asked.pair, asked.pair[::-1]
    for seconds in (SECOND, MINUTE):
        newest = [(price_samples.newest_at(pair, seconds, asked.ends), pair) for pair in both]
        dated = [(at, pair) for at, pair in newest if at is not None]
        if dated:
            return max(dated)[1]
    return asked.pair


def _candle(asked: Asked, at: datetime, prices: Prices | None, volume: _Volume, is_turned: bool) -> Candle:
    """A candle in whole tokens out per whole token in; the highest of one direction is the other's lowest."""
    units = prices
    if prices is not None and is_turned:
        units = prices._replace(highest=prices.lowest, lowest=prices.highest)
    trades, sold, bought = volume
    return Candle(
        at=at,
        open=_price(asked, units and units.opening, is_turned),
        high=_price(asked, units and units.highest, is_turned),
        low=_price(asked, units and units.lowest, is_turned),
        close=_price(asked, units and units.closing, is_turned),
        trades=trades,
        volume_in=from_base_units(sold, asked.token_in.decimals),
        volume_out=from_base_units(bought, asked.token_out.decimals),
    )


def _price(asked: Asked, units: int | None, is_turned: bool) -> str | None:
    if units is None:
        return None
    sold, bought = asked.token_in.decimals, asked.token_out.decimals
    return (
        price_text(units, sold, 10**bought, bought)
        if is_turned
        else price_text(10**sold, sold, units, bought)
    )


def _volumes(asked: Asked, user: AbstractBaseUser) -> dict[datetime, _Volume]:
    """Own trades of either direction by span."""
    first, second = asked.pair
    swaps = confirmed_swaps(user).filter(confirmed_at__gte=asked.begins, confirmed_at__lt=asked.ends)
    found: dict[datetime, _Volume] = {}
    for sold, bought in ((first, second), (second, first)):
        rows = swaps.filter(token_in=sold, token_out=bought)
        columns = rows.values_list("confirmed_at", "executed_amount_in", "executed_amount_out")
        for at, amount_in, amount_out in columns:
            assert at is not None
            amounts = (amount_in or 0, amount_out or 0)
            of_first, of_second = amounts if sold == first else amounts[::-1]
            start = start_of(at, asked.interval)
            trades, before_first, before_second = found.get(start, _NOTHING)
            found[start] = trades + 1, before_first + of_first, before_second + of_second
    return found
