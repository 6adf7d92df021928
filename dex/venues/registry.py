"""Which venues there are on a network: one line a venue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from dex.config import DEVNET, NETWORKS
from dex.venues.base import Venue
from dex.venues.meteora_damm_v2.venue import MeteoraDammV2
from dex.venues.meteora_dlmm.venue import MeteoraDlmm
from dex.venues.orca_whirlpool import venue as whirlpool
from dex.venues.pumpswap.venue import PumpSwap
from dex.venues.raydium_amm_v4 import venue as amm_v4
from dex.venues.raydium_clmm import venue as clmm
from dex.venues.raydium_cpmm import venue as cpmm

# Venues that are off unless they are asked for: no recording of their programs was at hand to prove them by.
EXTRA_VENUES: Final = ("pumpswap",)


def venues_for(network: str, extra: Collection[str] = ()) -> tuple[Venue, ...]:
    """The venues of a network, in the order of their names, ``extra`` ones of ``EXTRA_VENUES`` among them.

    localnet has its programs at mainnet's addresses. Raises ValueError for an unknown network or extra venue.
    """
    if network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}, expected one of {', '.join(NETWORKS)}")
    if unknown := set(extra).difference(EXTRA_VENUES):
        raise ValueError(f"no extra venue: {', '.join(sorted(unknown))}; there is {', '.join(EXTRA_VENUES)}")
    on_devnet = network == DEVNET
    venues: list[Venue] = [
        MeteoraDammV2(),
        MeteoraDlmm(),
        whirlpool.OrcaWhirlpool(),
        *(() if on_devnet else (whirlpool.OrcaWhirlpool.immutable(),)),
        *((PumpSwap(),) if "pumpswap" in extra else ()),
        amm_v4.RaydiumAmmV4(amm_v4.DEVNET_PROGRAM if on_devnet else amm_v4.MAINNET_PROGRAM),
        clmm.RaydiumClmm(clmm.DEVNET_PROGRAM if on_devnet else clmm.MAINNET_PROGRAM),
        cpmm.RaydiumCpmm(cpmm.DEVNET_PROGRAM if on_devnet else cpmm.MAINNET_PROGRAM),
    ]
    return tuple(venues)
