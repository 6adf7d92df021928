"""The priority fee and the compute-unit limit of each plan, by the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.rpc.priority_fees import FeeBid, FeeLevel, read_fee_level
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import compute_units
from orders.gateway.connection import Connection, connection

_MICRO: Final = 1_000_000
_SOL: Final = 1_000_000_000
_MOST_ATTEMPTS: Final = 4
# Between a swap of one constant-product pool and one that crosses many ticks or bins.
_USUAL_UNITS: Final = 200_000


def fee_config_errors() -> Sequence[str]:
    """What is wrong with the settings of the priority fee, in words."""
    if not 0 <= settings.PRIORITY_FEE_FLOOR <= settings.PRIORITY_FEE_CAP:
        return ["0 <= PRIORITY_FEE_FLOOR <= PRIORITY_FEE_CAP does not hold"]
    for name in ("PRIORITY_FEE", "SNIPER_PRIORITY_FEE"):
        try:
            level = read_fee_level(getattr(settings, name))
        except ValueError:
            return [f"{name} is one of auto, low, medium, high, max, or a number of micro-lamports"]
        if not isinstance(level, FeeLevel) and level > settings.PRIORITY_FEE_CAP:
            return [f"{name} is above PRIORITY_FEE_CAP"]
    most = settings.MAX_PRIORITY_FEE_LAMPORTS
    if not 0 <= most <= _SOL:
        return [f"MAX_PRIORITY_FEE_LAMPORTS is from 0 to {_SOL}"]
    if most * _MICRO < settings.PRIORITY_FEE_CAP * _USUAL_UNITS:
        return [f"PRIORITY_FEE_CAP is above MAX_PRIORITY_FEE_LAMPORTS for a swap of {_USUAL_UNITS} units"]
    if not 0 <= settings.MAX_TIP_LAMPORTS <= _SOL:
        return [f"MAX_TIP_LAMPORTS is from 0 to {_SOL}"]
    if not most <= settings.MAX_ORDER_FEE_LAMPORTS <= _MOST_ATTEMPTS * _SOL:
        return ["MAX_ORDER_FEE_LAMPORTS is less than one attempt may pay, or more than all of them may"]
    return []


@dataclass(frozen=True, slots=True)
class Bidder:
    """Whose plan it is: the number of its attempt, from 1 on, and what earlier ones of the order have paid.

    ``is_sniper``: it bids by SNIPER_PRIORITY_FEE, and nothing beside a tip: it pays for its place once.
    """

    attempt: int
    fees_paid: int
    is_sniper: bool = False

    def bid(self, plan: SwapPlan) -> FeeBid:
        """What it bids for a plan."""
        if self.is_sniper and plan.tip is not None:
            return bid_at("0")
        return bid_at(settings.SNIPER_PRIORITY_FEE if self.is_sniper else settings.PRIORITY_FEE)


def bid_at(level: str) -> FeeBid:
    """A bid of a level, or of a number of micro-lamports a unit, within the bounds of the settings."""
    return FeeBid(read_fee_level(level), settings.PRIORITY_FEE_FLOOR, settings.PRIORITY_FEE_CAP)


def with_bids(plans: Sequence[SwapPlan | DexError], bidders: Sequence[Bidder]) -> list[SwapPlan | DexError]:
    """The plans with their prices a compute unit; one question for a route's pools, none for a fixed price.

    Raises ChainUnreachable.
    """
    bids = [
        b.bid(plan) if isinstance(plan, SwapPlan) else None for plan, b in zip(plans, bidders, strict=True)
    ]
    by_pools = {
        _pools(plan): plan
        for plan, bid in zip(plans, bids, strict=True)
        if isinstance(plan, SwapPlan) and bid is not None and bid.goes_by_others
    }
    recent = connection().run(_recent_prices(connection(), by_pools)) if by_pools else {}
    return [
        plan
        if isinstance(plan, DexError) or bid is None
        else _with_price(plan, bid.price(recent.get(_pools(plan), ()), bidder.attempt), bidder)
        for plan, bid, bidder in zip(plans, bids, bidders, strict=True)
    ]


def _with_price(plan: SwapPlan, bid: int, bidder: Bidder) -> SwapPlan:
    price = _within_ceiling(bid, plan, bidder.fees_paid)
    return plan if price == plan.compute_unit_price else replace(plan, compute_unit_price=price)


def _pools(plan: SwapPlan) -> tuple[Pubkey, ...]:
    return tuple(leg.pool for leg in plan.route.legs)


def _within_ceiling(price: int, plan: SwapPlan, paid: int) -> int:
    """``price``, or what the ceilings of attempt and order in lamports leave for the units of this plan."""
    if not price:
        return 0
    tip = plan.tip.lamports if plan.tip else 0
    left = max(0, int(settings.MAX_ORDER_FEE_LAMPORTS) - paid - tip)
    lamports = min(int(settings.MAX_PRIORITY_FEE_LAMPORTS), left)
    return min(price, lamports * _MICRO // compute_units(plan))


def with_limits(plans: Sequence[SwapPlan | DexError]) -> list[SwapPlan | DexError]:
    """The plans with limits by simulation, where that is asked for. Raises ChainUnreachable."""
    if not settings.SIMULATE_COMPUTE_UNITS:
        return list(plans)
    return connection().run(_simulated(connection(), plans))


async def _simulated(chain: Connection, plans: Sequence[SwapPlan | DexError]) -> list[SwapPlan | DexError]:
    # One after the other: the first of a pool asks, the others find its answer.
    return [await chain.units.simulated(plan) if isinstance(plan, SwapPlan) else plan for plan in plans]


async def _recent_prices(
    chain: Connection, by_pools: Mapping[tuple[Pubkey, ...], SwapPlan]
) -> Mapping[tuple[Pubkey, ...], Sequence[int]]:
    found = await asyncio.gather(*(chain.fees.recent_prices(plan) for plan in by_pools.values()))
    return dict(zip(by_pools, found, strict=True))
