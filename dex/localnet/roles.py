"""The public networks that localnet can play, for tests of settings that are meant for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.localnet.programs import RAYDIUM_CPMM

# raydium-cp-swap lib.rs, feature devnet. Meteora DAMM v2 has one address on all networks.
RAYDIUM_CPMM_DEVNET: Final = Pubkey.from_string("DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb")


@dataclass(frozen=True, slots=True)
class Role:
    """What tells a public network apart: genesis hash, whether there is a faucet, Raydium's address."""

    genesis_hash: Hash
    has_faucet: bool
    raydium_cpmm: Pubkey


# The hashes that getGenesisHash gives there: docs.anza.xyz, clusters and endpoints.
ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "devnet": Role(
            Hash.from_string("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"), True, RAYDIUM_CPMM_DEVNET
        ),
        "mainnet-beta": Role(
            Hash.from_string("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"), False, RAYDIUM_CPMM
        ),
    }
)
