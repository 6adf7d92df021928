"""How much of a pool's liquidity nobody can take out any more, from its accounts.

Raydium CPMM and AMM v4 count the LP tokens that they have given out in the pool itself: what the mint of
these tokens has less of was burned (raydium-cp-swap states/pool.rs ``lp_supply``, raydium-amm state.rs
``lp_amount``). Meteora DAMM v2 counts what is locked for good (damm-v2 state/pool.rs
``permanent_lock_liquidity``). Positions of the others belong to whoever holds them: nothing is known there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from solders.pubkey import Pubkey

from dex.types import AccountData
from dex.venues.account_layout import pubkey_at
from dex.venues.meteora_damm_v2 import layout as damm_v2
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_cpmm import layout as cpmm

_ALL_BPS: Final = 10_000
_LP_MINTS: Final = {"raydium-cpmm": (cpmm.POOL, 136), "raydium-amm-v4": (amm_v4.POOL, 464)}
_LP_GIVEN_OUT: Final[Mapping[str, Callable[[bytes], int]]] = {
    "raydium-cpmm": cpmm.lp_supply,
    "raydium-amm-v4": amm_v4.lp_amount,
}
_DAMM_V2: Final = "meteora-damm-v2"
_PERMANENT_LOCK: Final = slice(552, 568)


def lp_mint(venue: str, pool: AccountData) -> Pubkey | None:
    """The mint of a pool's LP tokens; None for a venue that has none. Raises WrongOwner, UnknownLayout."""
    found = _LP_MINTS.get(venue)
    if found is None:
        return None
    layout, offset = found
    return pubkey_at(layout.check(pool, pool.owner), offset)


def locked_bps(venue: str, pool: AccountData, lp_supply: int | None) -> int | None:
    """The share of the liquidity that is burned or locked for good, rounded down; None where none can tell.

    ``lp_supply`` is that of the pool's `lp_mint`, in base units. Raises WrongOwner, UnknownLayout.
    """
    if venue == _DAMM_V2:
        data = damm_v2.POOL.check(pool, pool.owner)
        locked = int.from_bytes(data[_PERMANENT_LOCK], "little")
        return _share(locked, damm_v2.parse_state(data).liquidity)
    if venue not in _LP_GIVEN_OUT or lp_supply is None:
        return None
    given_out = _LP_GIVEN_OUT[venue](pool.data)
    return _share(max(0, given_out - lp_supply), given_out)


def _share(part: int, whole: int) -> int:
    return min(_ALL_BPS, part * _ALL_BPS // whole) if whole else 0
