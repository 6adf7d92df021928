"""Pools as programs keep them: which accounts to look for, and what a pool's account says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import UnsupportedPool
from dex.types import AccountData, AccountFilter
from dex.venues.account_layout import Layout, pubkey_at
from dex.venues.meteora_damm_v2 import layout as damm_v2
from dex.venues.meteora_dlmm import layout as dlmm
from dex.venues.orca_whirlpool import layout as whirlpool
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_clmm import layout as clmm
from dex.venues.raydium_cpmm import layout as cpmm


@dataclass(frozen=True, slots=True)
class FoundPool:
    """A pool by its account. ``creator`` is None where the account names nobody: AMM v4, Whirlpool."""

    venue: str
    address: Pubkey
    mints: tuple[Pubkey, Pubkey]
    creator: Pubkey | None


@dataclass(frozen=True, slots=True)
class _Kind:
    """A venue's pool account; mints and creator by their offsets."""

    layout: Layout
    mints: tuple[int, int]
    creator: int | None = None


_WHIRLPOOL: Final = _Kind(whirlpool.POOL, (whirlpool.MINT_A_OFFSET, whirlpool.MINT_B_OFFSET))
# Creators: raydium-cp-swap states/pool.rs pool_creator, raydium-clmm states/pool.rs owner, damm-v2
# state/pool.rs creator, dlmm-sdk idls/dlmm.json LbPair.creator.
_KINDS: Final[Mapping[str, _Kind]] = {
    "meteora-damm-v2": _Kind(damm_v2.POOL, (damm_v2.MINT_A_OFFSET, damm_v2.MINT_B_OFFSET), 648),
    "meteora-dlmm": _Kind(dlmm.PAIR, (dlmm.MINT_X_OFFSET, dlmm.MINT_Y_OFFSET), 848),
    "orca-whirlpool": _WHIRLPOOL,
    "orca-whirlpool-immutable": _WHIRLPOOL,
    "raydium-amm-v4": _Kind(amm_v4.POOL, (amm_v4.COIN_MINT_OFFSET, amm_v4.PC_MINT_OFFSET)),
    "raydium-clmm": _Kind(clmm.POOL, (clmm.MINT_0_OFFSET, clmm.MINT_1_OFFSET), 41),
    "raydium-cpmm": _Kind(cpmm.POOL, (cpmm.MINT_0_OFFSET, cpmm.MINT_1_OFFSET), 40),
}
_NOBODY: Final = Pubkey.default()


def is_known(venue: str) -> bool:
    """Whether new pools of a venue are recognised."""
    return venue in _KINDS


def every_pool(venue: str) -> AccountFilter:
    """What finds all pools of a venue; raises UnsupportedPool for an unknown one."""
    layout = _kind(venue).layout
    # AMM v4's accounts begin with a status, not with a name.
    begins = ((0, layout.discriminator),) if layout.discriminator else ()
    return AccountFilter(layout.size, begins)


def pools_of(venue: str, mint: Pubkey) -> tuple[AccountFilter, AccountFilter]:
    """What finds a venue's pools of one mint, on either side; raises UnsupportedPool for an unknown venue."""
    every = every_pool(venue)
    first, second = _kind(venue).mints
    return (
        AccountFilter(every.data_size, (*every.memcmp, (first, bytes(mint)))),
        AccountFilter(every.data_size, (*every.memcmp, (second, bytes(mint)))),
    )


def read_pool(venue: str, address: Pubkey, account: AccountData) -> FoundPool:
    """What a pool's account says; raises UnknownLayout, or UnsupportedPool for an unknown venue."""
    kind = _kind(venue)
    data = kind.layout.check(account, account.owner)
    first, second = kind.mints
    creator = None if kind.creator is None else pubkey_at(data, kind.creator)
    return FoundPool(
        venue=venue,
        address=address,
        mints=(pubkey_at(data, first), pubkey_at(data, second)),
        creator=None if creator == _NOBODY else creator,
    )


def _kind(venue: str) -> _Kind:
    found = _KINDS.get(venue)
    if found is None:
        raise UnsupportedPool(f"the pools of {venue} are not known")
    return found
