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

BUNDLED: Final[Mapping[Pubkey, Path]] = MappingProxyType(
    {RAYDIUM_CPMM: RAYDIUM_CPMM_SO, METEORA_DAMM_V2: METEORA_DAMM_V2_SO}
)
