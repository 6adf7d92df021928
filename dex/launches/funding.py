"""Whether a pool holds liquidity, from its account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dex.errors import UnsupportedPool
from dex.types import AccountData
from dex.venues.meteora_damm_v2 import layout as damm_v2
from dex.venues.meteora_dlmm import layout as dlmm
from dex.venues.orca_whirlpool import layout as whirlpool
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_clmm import layout as clmm
from dex.venues.raydium_cpmm import layout as cpmm


def is_funded(venue: str, pool: AccountData) -> bool:
    """Whether there is liquidity; in CLMM pools and Whirlpools: at the price, in DLMM pairs: in any bin array
    that the pair's own bitmap names.

    Raises WrongOwner, UnknownLayout, or UnsupportedPool for an unknown venue.
    """
    read = _LIQUIDITY.get(venue)
    if read is None:
        raise UnsupportedPool(f"the liquidity of {venue} is not known")
    return read(pool) > 0


def _clmm(pool: AccountData) -> int:
    return int.from_bytes(clmm.POOL.check(pool, pool.owner)[clmm.LIQUIDITY], "little")


def _whirlpool(pool: AccountData) -> int:
    return whirlpool.parse_state(whirlpool.POOL.check(pool, pool.owner)).liquidity


_LIQUIDITY: Final[Mapping[str, Callable[[AccountData], int]]] = {
    "meteora-damm-v2": lambda pool: damm_v2.parse_state(damm_v2.POOL.check(pool, pool.owner)).liquidity,
    "meteora-dlmm": lambda pool: dlmm.parse_state(dlmm.PAIR.check(pool, pool.owner)).bitmap,
    "orca-whirlpool": _whirlpool,
    "orca-whirlpool-immutable": _whirlpool,
    "raydium-amm-v4": lambda pool: amm_v4.lp_amount(amm_v4.POOL.check(pool, pool.owner)),
    "raydium-clmm": _clmm,
    "raydium-cpmm": lambda pool: cpmm.lp_supply(cpmm.POOL.check(pool, pool.owner)),
}
