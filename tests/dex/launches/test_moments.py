"""Openings, funding and fees of new pools, from the accounts that the real programs made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dex.errors import UnknownLayout, UnsupportedPool
from dex.launches.fees import FeePlan, Schedule, fee_plan
from dex.launches.funding import is_funded
from dex.launches.openings import Opening, Unit, opening_of
from dex.types import Clock
from dex.venues.account_layout import patched
from dex.venues.meteora_damm_v2.fees import fee_numerator
from dex.venues.meteora_damm_v2.layout import RATE_LIMITER, parse_state
from dex.verify.recording import pool_entry
from tests.dex.launches.recorded_creations import CASES, CREATED, account, oracle_account, pool_account
from tests.dex.recorded_swaps import AMM_V4, CLMM, CPMM, DAMM_V2, DLMM, WHIRLPOOL, recorded


@pytest.mark.parametrize("name", CREATED)
def test_every_recorded_opening_is_read(name: str) -> None:
    case = CASES[name]
    found = opening_of(case["venue"], pool_account(name), oracle_account(name))
    said = None if found is None else {"kind": str(found.unit), "value": found.point}
    assert said == case["opens_at"]


@pytest.mark.parametrize(
    ("name", "opening", "first"),
    [
        ("raydium-cpmm-create-2", Opening(Unit.UNIX, 1760100013), 1760100013),
        ("raydium-amm-v4-create-3", Opening(Unit.UNIX, 1760203623), 1760203623),
        # Its opening had passed at the creation: the program does not wait for it.
        ("raydium-amm-v4-create-2", Opening(Unit.UNIX, 1760199972, waits=False), 0),
        # At that very second CLMM refuses.
        ("raydium-clmm-create-3", Opening(Unit.UNIX, 1760300633, after=True), 1760300634),
        ("meteora-damm-v2-create-2", Opening(Unit.SLOT, 404000067), 404000067),
        ("meteora-dlmm-create-3", Opening(Unit.SLOT, 405009053), 405009053),
        ("orca-whirlpool-create-5", Opening(Unit.UNIX, 1760603665), 1760603665),
    ],
)
def test_the_first_point_that_trades_is_known(name: str, opening: Opening, first: int) -> None:
    found = opening_of(CASES[name]["venue"], pool_account(name), oracle_account(name))
    assert found == opening
    assert opening.first == first
    assert not opening.is_open(Clock(first - 1, first - 1, 0))
    assert opening.is_open(Clock(first, first, 0))


def test_slots_and_seconds_are_not_mixed_up() -> None:
    assert not Opening(Unit.SLOT, 100).is_open(Clock(slot=99, unix_timestamp=10**9, epoch=0))
    assert Opening(Unit.UNIX, 100).is_open(Clock(slot=1, unix_timestamp=100, epoch=0))


@pytest.mark.parametrize("name", CREATED)
def test_three_kinds_of_pools_are_created_empty(name: str) -> None:
    venue = CASES[name]["venue"]
    empty = venue in ("raydium-clmm", "meteora-dlmm", "orca-whirlpool")
    assert is_funded(venue, pool_account(name)) is not empty


@pytest.mark.parametrize("file", [AMM_V4, CLMM, CPMM, DAMM_V2, DLMM, WHIRLPOOL])
def test_pools_that_trade_are_funded(file: Any) -> None:
    first = next(iter(recorded(file).values()))
    assert is_funded(first.venue.name, account(pool_entry(first.case["accounts"])))


@pytest.mark.parametrize(
    ("name", "fee", "is_dynamic"),
    [
        ("raydium-amm-v4-create-0", 2_500_000, False),
        ("meteora-damm-v2-create-0", 2_500_000, False),
        ("meteora-damm-v2-create-5", 2_500_000, True),
        ("meteora-dlmm-create-0", 2_500_000, True),
        ("meteora-dlmm-create-5", 8_000_000, True),
        ("meteora-dlmm-create-6", 1_000_000, True),
        ("orca-whirlpool-create-0", 3_000_000, False),
        ("orca-whirlpool-create-3", 3_000_000, True),
    ],
)
def test_the_fee_of_a_new_pool_is_read(name: str, fee: int, is_dynamic: bool) -> None:
    plan = fee_plan(CASES[name]["venue"], pool_account(name))
    assert plan == FeePlan(Schedule.CONSTANT, fee, fee, is_dynamic=is_dynamic)


@pytest.mark.parametrize("file", [CPMM, CLMM])
def test_a_fee_that_stands_in_a_configuration_needs_it(file: Any) -> None:
    first = next(iter(recorded(file).values()))
    accounts = first.case["accounts"]
    pool, config = account(pool_entry(accounts)), account(accounts["config"])
    rates = {offset: (1_234).to_bytes(size, "little") for offset, size in _RATES[first.venue.name].items()}
    config = replace(config, data=patched(config.data, rates))
    assert fee_plan(first.venue.name, pool) is None
    assert fee_plan(first.venue.name, pool, config) == FeePlan(Schedule.CONSTANT, 1_234_000, 1_234_000)


# Where the trade fee stands in an AmmConfig, and how long it is.
_RATES = {"raydium-cpmm": {12: 8}, "raydium-clmm": {47: 4}}


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        # 0.25 % down to 0.1056525 %.
        ("damm-0", FeePlan(Schedule.BY_TIME, 2_500_000, 1_056_525, 1760188400, Unit.UNIX)),
        ("damm-6", FeePlan(Schedule.BY_TIME, 500_000_000, 197_480_914, 400146400, Unit.SLOT, True)),
        ("damm-5", FeePlan(Schedule.BY_PRICE, 2_500_000, 396_265, 1760000001, Unit.UNIX, True)),
        ("damm-15", FeePlan(Schedule.BY_SIZE, 2_500_000, 500_000_000, 1760043101, Unit.UNIX)),
        ("damm-10", FeePlan(Schedule.CONSTANT, 100_000, 100_000)),
    ],
)
def test_the_schedule_of_a_launch_is_read(name: str, plan: FeePlan) -> None:
    case = recorded(DAMM_V2)[name].case
    assert fee_plan("meteora-damm-v2", account(case["accounts"]["pool"])) == plan


def test_no_schedule_changes_after_its_end() -> None:
    seen = set()
    for found in recorded(DAMM_V2).values():
        pool = account(found.case["accounts"]["pool"])
        plan, state = fee_plan("meteora-damm-v2", pool), parse_state(pool.data)
        assert plan is not None
        if plan.ends is None:
            continue
        seen.add(plan.schedule)
        quiet = state._replace(dynamic_fee=state.dynamic_fee._replace(initialized=0))
        buys = [
            fee_numerator(quiet, plan.ends + later, False, 10**15, excluded=False) for later in (0, 1, 10**6)
        ]
        # A purchase however large pays the base fee again once the limiter has ended.
        is_limited = state.base_fee.mode == RATE_LIMITER
        assert set(buys) == {plan.first if is_limited else plan.last}
        assert plan.first <= plan.last if is_limited else plan.first >= plan.last
    assert seen == {Schedule.BY_TIME, Schedule.BY_PRICE, Schedule.BY_SIZE}


def test_unknown_venues_and_other_accounts_are_refused() -> None:
    pool = pool_account("raydium-cpmm-create-0")
    for read in (opening_of, is_funded, fee_plan):
        with pytest.raises(UnsupportedPool):
            read("nobody", pool)
        with pytest.raises(UnknownLayout):
            read("meteora-dlmm", pool)
