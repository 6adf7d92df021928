"""When an order that waits fires: a comparison of integers with an executable quote of its own size. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from orders.lifecycle import OrderType
from orders.records.thresholds import next_watermark, trailing_stop


class Verdict(Enum):
    """What a look at the price means for an order."""

    WAIT = "wait"
    # Beyond the trigger, but not in enough slots yet.
    COUNT = "count"
    FIRE = "fire"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a trigger compares, in base units; see `orders.models.Trigger`."""

    kind: OrderType
    at_or_above: int | None = None
    at_or_below: int | None = None
    confirmations: int = 1
    trail_bps: int | None = None
    activates_at: int | None = None
    watermark: int | None = None

    @property
    def above(self) -> int | None:
        """The value from which on a look matters: it fires there, or the watermark moves."""
        if self.trail_bps is None:
            return self.at_or_above
        if self.watermark is None:
            return self.activates_at or 1
        return next_watermark(self.watermark)

    @property
    def below(self) -> int | None:
        """The value down from which it fires."""
        if self.trail_bps is None:
            return self.at_or_below
        return None if self.watermark is None else trailing_stop(self.watermark, self.trail_bps)

    def with_watermark(self, watermark: int) -> Terms:
        """The same with a watermark that has moved."""
        return replace(self, watermark=watermark)


@dataclass(frozen=True, slots=True)
class Seen:
    """In how many slots in a row the price was beyond the trigger, and the last of them."""

    times: int = 0
    slot: int = 0


UNSEEN = Seen()


def judge(terms: Terms, value: int | None, slot: int, seen: Seen) -> tuple[Verdict, Seen]:
    """What a quote of the order's own size at ``slot`` means; it waits where there is no price."""
    if value is None:
        return Verdict.WAIT, UNSEEN
    if terms.trail_bps is not None and terms.above is not None and value >= terms.above:
        return Verdict.RAISE, UNSEEN
    if not is_beyond(terms, value):
        return Verdict.WAIT, UNSEEN
    counted = seen if seen.slot >= slot else Seen(seen.times + 1, slot)
    return (Verdict.FIRE if counted.times >= terms.confirmations else Verdict.COUNT), counted


# What a column of 32 bits holds.
_FURTHEST_BPS: Final = 2**31 - 1


def distance_bps(above: int | None, below: int | None, value: int) -> int | None:
    """How far a price is from a level, in basis points of the price; 0 and less: it is beyond."""
    level = above if above is not None else below
    if level is None or value <= 0:
        return None
    missing = level - value if above is not None else value - level
    return min(_FURTHEST_BPS, missing * 10_000 // value)


def is_beyond(terms: Terms, value: int) -> bool:
    """Whether a value is at or beyond the trigger."""
    if terms.trail_bps is not None:
        return terms.below is not None and value <= terms.below
    above, below = terms.at_or_above, terms.at_or_below
    return (above is not None and value >= above) or (below is not None and value <= below)
