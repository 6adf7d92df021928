"""Stand-in programs for localnet: compiled files, by the address of the program that each stands in for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from solders.pubkey import Pubkey

_HERE: Final = Path(__file__).parent

RAYDIUM_CPMM: Final = Pubkey.from_string("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
METEORA_DAMM_V2: Final = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")

RAYDIUM_CPMM_SO: Final = _HERE / "raydium_cpmm.so"
METEORA_DAMM_V2_SO: Final = _HERE / "meteora_damm_v2.so"

# The one constant that depends on the address is the PDA of this seed, written into the file for mainnet's.
_CPMM_AUTHORITY_SEED: Final = b"vault_and_lp_mint_auth_seed"

BUNDLED: Final[Mapping[Pubkey, Path]] = MappingProxyType(
    {RAYDIUM_CPMM: RAYDIUM_CPMM_SO, METEORA_DAMM_V2: METEORA_DAMM_V2_SO}
)


def raydium_cpmm_at(address: Pubkey) -> bytes:
    """The Raydium CPMM stand-in as it would have been built for another program address."""
    built_for, placed_at = (_cpmm_authority(program) for program in (RAYDIUM_CPMM, address))
    return RAYDIUM_CPMM_SO.read_bytes().replace(built_for, placed_at)


def stand_ins(raydium_cpmm: Pubkey = RAYDIUM_CPMM) -> dict[Pubkey, Path | bytes]:
    """Every stand-in by its address, Raydium's at ``raydium_cpmm``: devnet has it elsewhere than mainnet."""
    if raydium_cpmm == RAYDIUM_CPMM:
        return dict(BUNDLED)
    return {raydium_cpmm: raydium_cpmm_at(raydium_cpmm), METEORA_DAMM_V2: METEORA_DAMM_V2_SO}


def _cpmm_authority(program: Pubkey) -> bytes:
    return bytes(Pubkey.find_program_address([_CPMM_AUTHORITY_SEED], program)[0])
