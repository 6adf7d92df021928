"""Which venues there are on a network: one line a venue."""

from __future__ import annotations

from dex.config import DEVNET, NETWORKS
from dex.venues.base import Venue
from dex.venues.meteora_damm_v2.venue import MeteoraDammV2
from dex.venues.orca_whirlpool import venue as whirlpool
from dex.venues.raydium_clmm import venue as clmm
from dex.venues.raydium_cpmm.venue import DEVNET_PROGRAM, MAINNET_PROGRAM, RaydiumCpmm


def venues_for(network: str) -> tuple[Venue, ...]:
    """The venues of a network, in the order of their names; raises ValueError for an unknown one.

    localnet has its programs at mainnet's addresses.
    """
    if network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}, expected one of {', '.join(NETWORKS)}")
    on_devnet = network == DEVNET
    return (
        MeteoraDammV2(),
        whirlpool.OrcaWhirlpool(),
        *(() if on_devnet else (whirlpool.OrcaWhirlpool.immutable(),)),
        clmm.RaydiumClmm(clmm.DEVNET_PROGRAM if on_devnet else clmm.MAINNET_PROGRAM),
        RaydiumCpmm(DEVNET_PROGRAM if on_devnet else MAINNET_PROGRAM),
    )
