"""Stand-in programs for localnet: compiled files, by the addresses of the programs that they stand in for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from solders.pubkey import Pubkey

from dex.config import DEVNET, LOCALNET

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class StandIn:
    """``<name>.so``, built from ``src/<name>.c``, and where the real program is; ``devnet`` None: the same.

    ``seeds`` are those of each program address that is written into the file; they are mainnet's there.
    """

    name: str
    mainnet: Pubkey
    devnet: Pubkey | None = None
    seeds: tuple[bytes, ...] = ()

    @property
    def file(self) -> Path:
        return _HERE / f"{self.name}.so"

    def address(self, network: str) -> Pubkey:
        """Where the program is on a network; localnet has mainnet's addresses."""
        return self.devnet if network == DEVNET and self.devnet is not None else self.mainnet

    def program(self, network: str) -> Path | bytes:
        """The file, or what it would be if it had been built for the program's address on ``network``."""
        address = self.address(network)
        if address == self.mainnet:
            return self.file
        program = self.file.read_bytes()
        for seed in self.seeds:
            built_for, placed_at = (
                bytes(Pubkey.find_program_address([seed], at)[0]) for at in (self.mainnet, address)
            )
            program = program.replace(built_for, placed_at)
        return program


RAYDIUM_CPMM: Final = Pubkey.from_string("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
RAYDIUM_AMM_V4: Final = Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
RAYDIUM_CLMM: Final = Pubkey.from_string("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
ORCA_WHIRLPOOL: Final = Pubkey.from_string("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc")
ORCA_WHIRLPOOL_IMMUTABLE: Final = Pubkey.from_string("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN")
METEORA_DAMM_V2: Final = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
METEORA_DLMM: Final = Pubkey.from_string("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo")

STAND_INS: Final = (
    StandIn("meteora_damm_v2", METEORA_DAMM_V2),
    StandIn("meteora_dlmm", METEORA_DLMM),
    StandIn("orca_whirlpool", ORCA_WHIRLPOOL),
    StandIn("orca_whirlpool", ORCA_WHIRLPOOL_IMMUTABLE),
    StandIn(
        "raydium_amm_v4",
        RAYDIUM_AMM_V4,
        Pubkey.from_string("DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav"),
        (b"amm authority",),
    ),
    StandIn(
        "raydium_clmm",
        RAYDIUM_CLMM,
        Pubkey.from_string("DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH"),
    ),
    StandIn(
        "raydium_cpmm",
        RAYDIUM_CPMM,
        Pubkey.from_string("DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb"),
        (b"vault_and_lp_mint_auth_seed",),
    ),
)

BUNDLED: Final[Mapping[Pubkey, Path]] = MappingProxyType(
    {stand_in.mainnet: stand_in.file for stand_in in STAND_INS}
)


def stand_ins(network: str = LOCALNET) -> dict[Pubkey, Path | bytes]:
    """Every stand-in by its address on ``network``."""
    return {stand_in.address(network): stand_in.program(network) for stand_in in STAND_INS}


def address_on(network: str, mainnet: Pubkey) -> Pubkey:
    """Where the program that mainnet has at ``mainnet`` is on ``network``; StopIteration if unknown."""
    return next(stand_in for stand_in in STAND_INS if stand_in.mainnet == mainnet).address(network)
