"""The priority fee and the compute-unit limit of each plan, by the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.rpc.priority_fees import FeeBid, FeeLevel, read_fee_level
from dex.transactions.swap_transaction import SwapPlan
from orders.gateway.connection import Connection, connection


def fee_faults() -> Sequence[str]:
    """What is wrong with the settings of the priority fee, in words."""
    try:
        level = read_fee_level(settings.PRIORITY_FEE)
    except ValueError:
        return ["PRIORITY_FEE is one of auto, low, medium, high, or a number of micro-lamports"]
    if not 0 <= settings.PRIORITY_FEE_FLOOR <= settings.PRIORITY_FEE_CAP:
        return ["0 <= PRIORITY_FEE_FLOOR <= PRIORITY_FEE_CAP does not hold"]
    if not isinstance(level, FeeLevel) and level > settings.PRIORITY_FEE_CAP:
        return ["PRIORITY_FEE is above PRIORITY_FEE_CAP"]
    return []


def with_bids(plans: Sequence[SwapPlan | DexError], attempts: Sequence[int]) -> list[SwapPlan | DexError]:
    """The plans with their prices a compute unit; one question a pool, none for a fixed price.

    ``attempts`` are the numbers of the plans' attempts, from 1 on. Raises ChainUnreachable.
    """
    level = read_fee_level(settings.PRIORITY_FEE)
    bid = FeeBid(level, settings.PRIORITY_FEE_FLOOR, settings.PRIORITY_FEE_CAP)
    recent: Mapping[Pubkey, Sequence[int]] = {}
    if isinstance(level, FeeLevel):
        by_pool = {plan.pool.address: plan for plan in plans if isinstance(plan, SwapPlan)}
        recent = connection().run(_recent_prices(connection(), by_pool))
    return [
        replace(plan, compute_unit_price=bid.price(recent.get(plan.pool.address, ()), attempt))
        if isinstance(plan, SwapPlan)
        else plan
        for plan, attempt in zip(plans, attempts, strict=True)
    ]


def with_limits(plans: Sequence[SwapPlan | DexError]) -> list[SwapPlan | DexError]:
    """The plans with limits that a simulation raised, where that is asked for. Raises ChainUnreachable."""
    if not settings.SIMULATE_COMPUTE_UNITS:
        return list(plans)
    return connection().run(_raised(connection(), plans))


async def _raised(chain: Connection, plans: Sequence[SwapPlan | DexError]) -> list[SwapPlan | DexError]:
    # One after the other: the first of a pool asks, the others find its answer.
    return [await chain.units.raised(plan) if isinstance(plan, SwapPlan) else plan for plan in plans]


async def _recent_prices(
    chain: Connection, by_pool: Mapping[Pubkey, SwapPlan]
) -> Mapping[Pubkey, Sequence[int]]:
    found = await asyncio.gather(*(chain.fees.recent_prices(plan) for plan in by_pool.values()))
    return dict(zip(by_pool, found, strict=True))
