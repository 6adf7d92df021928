"""The Raydium CLMM program as a venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.raydium_clmm import layout
from dex.venues.raydium_clmm.failures import ERROR_NAMES, ClmmErrors
from dex.venues.raydium_clmm.instructions import decode_swap
from dex.venues.raydium_clmm.pool import DEX, VENUE, ClmmPool

MAINNET_PROGRAM: Final = Pubkey.from_string("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
DEVNET_PROGRAM: Final = Pubkey.from_string("DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH")

# The dearest measured swap, both mints of Token-2022 and two arrays crossed, took 159,157 units.
_COMPUTE_UNITS: Final = 200_000


class RaydiumClmm:
    """Finds, opens and explains Raydium CLMM pools of one deployment."""

    def __init__(self, program_id: Pubkey) -> None:
        self._program_id = program_id
        self._errors = ClmmErrors(program_id)

    @property
    def name(self) -> str:
        return VENUE

    @property
    def dex(self) -> str:
        return DEX

    @property
    def program_id(self) -> Pubkey:
        return self._program_id

    @property
    def compute_units(self) -> int:
        return _COMPUTE_UNITS

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> Sequence[AccountFilter]:
        """One query: the program keeps the smaller mint first."""
        low, high = sorted((bytes(mint_a), bytes(mint_b)))
        return (AccountFilter(layout.POOL.size, ((layout.MINT_0_OFFSET, low), (layout.MINT_1_OFFSET, high))),)

    def open_pool(self, address: Pubkey, account: AccountData) -> ClmmPool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return ClmmPool(self._program_id, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What a ``swap_v2`` will do; raises UnknownInstruction for anything else."""
        return decode_swap(instruction, self._program_id, VENUE)

    @property
    def error_names(self) -> Mapping[int, str]:
        """raydium-clmm error.rs as of April 2026, and what only releases before it have."""
        return ERROR_NAMES

    def classify_failure(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        return self._errors.classify(error_code, logs)
