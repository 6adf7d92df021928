"""Launchpads whose curve a token leaves for a pool: Raydium LaunchLab and Meteora DBC, from their accounts.

Layouts: raydium-sdk-v2 launchpad/layout.ts (PoolState), dynamic-bonding-curve state/virtual_pool.rs and
state/config.rs. They come from sources alone: no program of these has been executed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData
from dex.venues.account_layout import Layout, pubkey_at

LAUNCHLAB: Final = Pubkey.from_string("LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj")
DBC: Final = Pubkey.from_string("dbcij3LWUppWqq96dh6gJWwBifmcGFLSB5D4DuSMaqN")

LAUNCHLAB_POOL: Final = Layout("LaunchLab PoolState", 429, bytes.fromhex("f7ede3f5d7c3de46"))
DBC_POOL: Final = Layout("DBC VirtualPool", 424, bytes.fromhex("d5e005d16245775c"))
DBC_CONFIG: Final = Layout("DBC PoolConfig", 1_048, bytes.fromhex("1a6c0e7b74e6812b"))

_U64: Final = Struct("<Q")
_FUND, _MIGRATE, _TRADE = 0, 1, 2
_LAUNCHLAB_VENUES: Final = {0: "raydium-amm-v4", 1: "raydium-cpmm"}
# Option 0 is DAMM v1, which is no venue here.
_DBC_VENUES: Final = {1: "meteora-damm-v2"}


class Stage(StrEnum):
    """How far a curve has come."""

    TRADING = "trading"
    COMPLETE = "complete"  # sold out, trading pauses until somebody migrates it
    GRADUATED = "graduated"


@dataclass(frozen=True, slots=True)
class Curve:
    """A token on a launchpad. ``raised`` and ``goal`` are base units of the quote token.

    ``venue`` is where it goes when it graduates, None where that is no venue of ours.
    """

    program: Pubkey
    base_mint: Pubkey
    quote_mint: Pubkey
    creator: Pubkey
    stage: Stage
    raised: int
    goal: int
    venue: str | None


def launchlab_curve(account: AccountData) -> Curve:
    """A LaunchLab pool's state; raises WrongOwner or UnknownLayout."""
    data = LAUNCHLAB_POOL.check(account, LAUNCHLAB)
    stages = {_FUND: Stage.TRADING, _MIGRATE: Stage.COMPLETE, _TRADE: Stage.GRADUATED}
    if data[17] not in stages or data[20] not in _LAUNCHLAB_VENUES:
        raise UnknownLayout(f"a LaunchLab pool has no status {data[17]} or migrates not by way {data[20]}")
    return Curve(
        program=LAUNCHLAB,
        base_mint=pubkey_at(data, 205),
        quote_mint=pubkey_at(data, 237),
        creator=pubkey_at(data, 333),
        stage=stages[data[17]],
        raised=_u64(data, 61),
        goal=_u64(data, 69),
        venue=_LAUNCHLAB_VENUES[data[20]],
    )


def dbc_config_address(account: AccountData) -> Pubkey:
    """The configuration that a DBC pool's curve is read with; raises WrongOwner or UnknownLayout."""
    return pubkey_at(DBC_POOL.check(account, DBC), 72)


def dbc_curve(account: AccountData, config: AccountData) -> Curve:
    """A DBC pool's state, with its configuration; raises WrongOwner or UnknownLayout."""
    data, settings = DBC_POOL.check(account, DBC), DBC_CONFIG.check(config, DBC)
    raised, goal = _u64(data, 240), _u64(settings, 264)
    stage = Stage.COMPLETE if raised >= goal else Stage.TRADING
    return Curve(
        program=DBC,
        base_mint=pubkey_at(data, 136),
        quote_mint=pubkey_at(settings, 8),
        creator=pubkey_at(data, 104),
        stage=Stage.GRADUATED if data[305] else stage,
        raised=raised,
        goal=goal,
        venue=_DBC_VENUES.get(settings[233]),
    )


def curve_among(accounts: Mapping[Pubkey, AccountData], mint: Pubkey) -> Curve | None:
    """The curve of a token among these accounts, those of the transaction that moved it to a pool, say."""
    for account in accounts.values():
        try:
            curve = _curve(account, accounts)
        except (WrongOwner, UnknownLayout):
            continue
        if curve is not None and curve.base_mint == mint:
            return curve
    return None


def _curve(account: AccountData, accounts: Mapping[Pubkey, AccountData]) -> Curve | None:
    if account.owner == LAUNCHLAB:
        return launchlab_curve(account)
    if account.owner == DBC:
        config = accounts.get(dbc_config_address(account))
        return None if config is None else dbc_curve(account, config)
    return None


def graduated(before: Curve | None, after: Curve) -> bool:
    """Whether a curve has graduated since it was last seen (None: never)."""
    return after.stage is Stage.GRADUATED and (before is None or before.stage is not Stage.GRADUATED)


def _u64(data: bytes, offset: int) -> int:
    (number,) = _U64.unpack_from(data, offset)
    return int(number)
