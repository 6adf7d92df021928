"""Which venues there are on a network: one line a venue."""

from __future__ import annotations

from dex.config import DEVNET, NETWORKS
from dex.venues.base import Venue
from dex.venues.meteora_damm_v2.venue import MeteoraDammV2
from dex.venues.meteora_dlmm.venue import MeteoraDlmm
from dex.venues.orca_whirlpool import venue as whirlpool
from dex.venues.raydium_amm_v4 import venue as amm_v4
from dex.venues.raydium_clmm import venue as clmm
from dex.venues.raydium_cpmm import venue as cpmm


def venues_for(network: str) -> tuple[Venue, ...]:
    """The venues of a network, in the order of their names; raises ValueError for an unknown one.

    localnet has its programs at mainnet's addresses.
    """
    if network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}, expected one of {', '.join(NETWORKS)}")
    on_devnet = network == DEVNET
    venues: list[Venue] = [
        MeteoraDammV2(),
        MeteoraDlmm(),
        whirlpool.OrcaWhirlpool(),
        *(() if on_devnet else (whirlpool.OrcaWhirlpool.immutable(),)),
        amm_v4.RaydiumAmmV4(amm_v4.DEVNET_PROGRAM if on_devnet else amm_v4.MAINNET_PROGRAM),
        clmm.RaydiumClmm(clmm.DEVNET_PROGRAM if on_devnet else clmm.MAINNET_PROGRAM),
        cpmm.RaydiumCpmm(cpmm.DEVNET_PROGRAM if on_devnet else cpmm.MAINNET_PROGRAM),
    ]
    return tuple(venues)
