"""Launchpad curves and their graduation, from account bytes written by the published layouts."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, WrongOwner
from dex.launches.graduations import (
    DBC,
    DBC_CONFIG,
    DBC_POOL,
    LAUNCHLAB,
    LAUNCHLAB_POOL,
    Curve,
    Stage,
    curve_among,
    dbc_config_address,
    dbc_curve,
    graduated,
    launchlab_curve,
)
from dex.types import AccountData
from dex.venues.account_layout import Layout

BASE, QUOTE, CREATOR, CONFIG = (Pubkey.from_bytes(bytes([number]) * 32) for number in range(1, 5))


def made(owner: Pubkey, layout: Layout, fields: dict[int, bytes]) -> AccountData:
    data = bytearray(layout.size)
    data[:8] = layout.discriminator
    for offset, value in fields.items():
        data[offset : offset + len(value)] = value
    return AccountData(owner, 1, bytes(data))


def u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def launchlab(status: int, migrates: int = 1) -> AccountData:
    fields = {
        17: bytes([status]),
        20: bytes([migrates]),
        61: u64(84_999_999_999),
        69: u64(85_000_000_000),
        205: bytes(BASE),
        237: bytes(QUOTE),
        333: bytes(CREATOR),
    }
    return made(LAUNCHLAB, LAUNCHLAB_POOL, fields)


def dbc(reserve: int, migrated: int = 0) -> AccountData:
    fields = {
        72: bytes(CONFIG),
        104: bytes(CREATOR),
        136: bytes(BASE),
        240: u64(reserve),
        305: bytes([migrated]),
    }
    return made(DBC, DBC_POOL, fields)


def config(option: int = 1) -> AccountData:
    return made(DBC, DBC_CONFIG, {8: bytes(QUOTE), 233: bytes([option]), 264: u64(1_000)})


@pytest.mark.parametrize(("status", "stage"), [(0, Stage.TRADING), (1, Stage.COMPLETE), (2, Stage.GRADUATED)])
def test_a_launchlab_curve_is_read(status: int, stage: Stage) -> None:
    assert launchlab_curve(launchlab(status)) == Curve(
        LAUNCHLAB, BASE, QUOTE, CREATOR, stage, 84_999_999_999, 85_000_000_000, "raydium-cpmm"
    )
    assert launchlab_curve(launchlab(status, migrates=0)).venue == "raydium-amm-v4"


@pytest.mark.parametrize(
    ("reserve", "migrated", "stage"),
    [
        (999, 0, Stage.TRADING),
        (1_000, 0, Stage.COMPLETE),
        (1_000, 1, Stage.GRADUATED),
        (0, 1, Stage.GRADUATED),
    ],
)
def test_a_dbc_curve_is_read(reserve: int, migrated: int, stage: Stage) -> None:
    pool = dbc(reserve, migrated)
    assert dbc_config_address(pool) == CONFIG
    assert dbc_curve(pool, config()) == Curve(
        DBC, BASE, QUOTE, CREATOR, stage, reserve, 1_000, "meteora-damm-v2"
    )
    assert dbc_curve(pool, config(option=0)).venue is None


def test_a_curve_graduates_once() -> None:
    trading, complete, done = (launchlab_curve(launchlab(status)) for status in range(3))
    steps = [(None, trading), (trading, complete), (complete, done), (done, done), (None, done)]
    assert [graduated(before, after) for before, after in steps] == [False, False, True, False, True]


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(UnknownLayout):
        launchlab_curve(launchlab(3))
    with pytest.raises(UnknownLayout):
        launchlab_curve(launchlab(0, migrates=2))
    with pytest.raises(WrongOwner):
        launchlab_curve(AccountData(DBC, 1, launchlab(0).data))
    with pytest.raises(UnknownLayout):
        dbc_curve(dbc(1), dbc(1))


def test_a_tokens_curve_is_found_among_accounts_of_its_migration() -> None:
    settings = made(LAUNCHLAB, Layout("a LaunchLab config", 371, b"settings"), {})
    accounts = {CREATOR: settings, QUOTE: launchlab(2)}
    found = curve_among(accounts, BASE)
    assert found is not None
    assert (found.program, found.stage) == (LAUNCHLAB, Stage.GRADUATED)
    assert curve_among(accounts, CREATOR) is None


def test_a_dbc_curve_is_found_with_its_configuration_alone() -> None:
    pool = dbc(1_000, migrated=1)
    found = curve_among({QUOTE: pool, CONFIG: config()}, BASE)
    assert found is not None
    assert (found.program, found.venue) == (DBC, "meteora-damm-v2")
    assert curve_among({QUOTE: pool}, BASE) is None
