"""What keeps a sniper order from buying in a pool: its rules, held against what was found out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from dex.types import Clock
from orders.gateway import LaunchFacts
from orders.models import Hold, Launch, LaunchRules, OpeningUnit
from orders.wire.launch_terms import (
    FEE_AUTHORITY_REVOKED,
    FREEZE_AUTHORITY_REVOKED,
    LP_BURNED,
    MAX_HOLDER_SHARE,
    METADATA_IMMUTABLE,
    MINT_AUTHORITY_REVOKED,
    SELLABLE,
)

# Of the liquidity: what is less than all but a thousandth may be taken out.
LOCKED_BPS: Final = 9_990
SLOT_MS: Final = 400


@dataclass(frozen=True, slots=True)
class Purchase:
    """What buying in the pool would be now, by the exact quote; amounts in base units."""

    amount_out: int
    fee_bps: int
    liquidity: int
    is_too_dear: bool


def held_by_its_creation(rules: LaunchRules, launch: Launch) -> Hold:
    """What of a launch never changes: who made it, and when it opens."""
    if launch.creator and launch.creator in rules.blocked_creators:
        return Hold.CREATOR_BLOCKED
    within = rules.open_within_seconds
    if within is not None and _opens_after_ms(launch) > within * 1_000:
        return Hold.OPENS_TOO_LATE
    return Hold.NONE


def held_by_its_opening(launch: Launch, clock: Clock) -> Hold:
    """Whether it can be bought in at this clock at all, as far as its row knows."""
    if launch.funded_at is None:
        return Hold.NOT_FUNDED
    first = launch.first_point or 0
    now = clock.slot if launch.opens_unit == OpeningUnit.SLOT else clock.unix_timestamp
    return Hold.NOT_OPEN if launch.opens_unit and now < first else Hold.NONE


def held_by_facts(rules: LaunchRules, facts: LaunchFacts) -> Hold:
    """What of the token and the pool does not satisfy the order."""
    return next(_failing(rules, facts), Hold.NONE)


def _failing(rules: LaunchRules, facts: LaunchFacts) -> Iterator[Hold]:
    broken = {
        MINT_AUTHORITY_REVOKED: (facts.has_mint_authority, Hold.MINT_AUTHORITY),
        FREEZE_AUTHORITY_REVOKED: (facts.has_freeze_authority, Hold.FREEZE_AUTHORITY),
        FEE_AUTHORITY_REVOKED: (facts.has_fee_authority, Hold.FEE_AUTHORITY),
        METADATA_IMMUTABLE: (facts.is_metadata_mutable, Hold.METADATA_MUTABLE),
        LP_BURNED: ((facts.locked_bps or 0) < LOCKED_BPS, Hold.LIQUIDITY_NOT_LOCKED),
    }
    if facts.dangers:
        yield Hold.TOKEN_REFUSED
    for name in rules.require:
        is_broken, hold = broken.get(name, (False, Hold.NONE))
        if is_broken:
            yield hold
    if asks_for_holders(rules):
        most = rules.max_holder_share_bps
        most = settings.SNIPER_MAX_HOLDER_SHARE_BPS if most is None else most
        if facts.largest_holder_bps is None:
            yield Hold.HOLDERS_UNKNOWN
        elif facts.largest_holder_bps > most:
            yield Hold.HOLDER_TOO_LARGE


def held_by_quote(rules: LaunchRules, purchase: Purchase, floor: int | None) -> Hold:
    """What of the purchase, as it is quoted now, does not satisfy the order."""
    if rules.min_liquidity is not None and purchase.liquidity < rules.min_liquidity:
        return Hold.LIQUIDITY_TOO_LOW
    if rules.max_fee_bps is not None and purchase.fee_bps > rules.max_fee_bps:
        return Hold.FEE_TOO_HIGH
    if purchase.is_too_dear:
        return Hold.COST_TOO_HIGH
    if floor is not None and purchase.amount_out < floor:
        return Hold.PRICE_OUT_OF_REACH
    return Hold.NONE


def asks_for_holders(rules: LaunchRules) -> bool:
    """Whether a node must be asked for the largest holders."""
    return MAX_HOLDER_SHARE in rules.require or rules.max_holder_share_bps is not None


def most_loss_bps(rules: LaunchRules) -> int | None:
    """What buying and selling at once may lose, to be simulated; None where nothing is to be proven."""
    if rules.max_round_trip_bps is not None:
        return rules.max_round_trip_bps
    return int(settings.MAX_ROUND_TRIP_LOSS_BPS) if SELLABLE in rules.require else None


def seconds_until(unit: str, first: int, clock: Clock) -> float:
    """From a clock to the first slot or second of an opening; negative where it has passed."""
    if unit == OpeningUnit.SLOT:
        return (first - clock.slot) * SLOT_MS / 1_000
    return float(first - clock.unix_timestamp)


def _opens_after_ms(launch: Launch) -> int:
    """How long after it was seen a launch opens, in milliseconds; slots are taken to last 400."""
    if launch.opens_at_point is None:
        return 0
    if launch.opens_unit == OpeningUnit.SLOT:
        return (launch.opens_at_point - launch.seen_slot) * SLOT_MS
    return launch.opens_at_point * 1_000 - round(launch.seen_at.timestamp() * 1_000)
