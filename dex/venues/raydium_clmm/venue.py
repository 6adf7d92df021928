"""The Raydium CLMM program as a venue."""

from __future__ import annotations

from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap
from dex.venues.adapter import VenueAdapter, smaller_first
from dex.venues.raydium_clmm import layout
from dex.venues.raydium_clmm.failures import ERROR_NAMES, ClmmErrors
from dex.venues.raydium_clmm.instructions import decode_swap
from dex.venues.raydium_clmm.pool import DEX, VENUE, ClmmPool

MAINNET_PROGRAM: Final = Pubkey.from_string("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
DEVNET_PROGRAM: Final = Pubkey.from_string("DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH")

# The dearest measured swap, both mints of Token-2022 and two arrays crossed, took 159,157 units.
_COMPUTE_UNITS: Final = 200_000


class RaydiumClmm(VenueAdapter):
    """Finds, opens and explains Raydium CLMM pools of one deployment."""

    def __init__(self, program_id: Pubkey) -> None:
        super().__init__(
            VENUE,
            DEX,
            program_id,
            compute_units=_COMPUTE_UNITS,
            errors=ClmmErrors(program_id),
            error_names=ERROR_NAMES,
        )

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """One query: the program keeps the smaller mint first."""
        return smaller_first(layout.POOL.size, layout.MINT_0_OFFSET, layout.MINT_1_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> ClmmPool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return ClmmPool(self.program_id, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What a ``swap_v2`` will do; raises UnknownInstruction for anything else."""
        return decode_swap(instruction, self.program_id, VENUE)
