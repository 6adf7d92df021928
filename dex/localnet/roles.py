"""The public networks that localnet can play, for tests of settings that are meant for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from solders.hash import Hash


@dataclass(frozen=True, slots=True)
class Role:
    """What tells a public network apart: its genesis hash, and whether there is a faucet."""

    genesis_hash: Hash
    has_faucet: bool


# The hashes that getGenesisHash gives there: docs.anza.xyz, clusters and endpoints.
ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "devnet": Role(Hash.from_string("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"), True),
        "mainnet-beta": Role(Hash.from_string("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"), False),
    }
)
