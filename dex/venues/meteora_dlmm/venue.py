"""The Meteora DLMM program as a venue."""

from __future__ import annotations

from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap
from dex.venues.adapter import VenueAdapter, either_order
from dex.venues.meteora_dlmm import instructions, layout
from dex.venues.meteora_dlmm.addresses import PROGRAM
from dex.venues.meteora_dlmm.errors import KINDS_BY_NAME, KINDS_BY_NUMBER, NAMES
from dex.venues.meteora_dlmm.pool import DEX, VENUE, DlmmPool
from dex.venues.program_errors import ErrorTable

# The dearest measured swap crossed 99 bins for 725,607 units; a quote names what its own needs.
_COMPUTE_UNITS: Final = 900_000


class MeteoraDlmm(VenueAdapter):
    """Finds, opens and explains DLMM pairs; mainnet and devnet share one program id."""

    def __init__(self) -> None:
        errors = ErrorTable(PROGRAM, KINDS_BY_NAME, KINDS_BY_NUMBER)
        super().__init__(VENUE, DEX, PROGRAM, compute_units=_COMPUTE_UNITS, errors=errors, error_names=NAMES)

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """Two queries: the creator of a pair chooses which mint is x."""
        return either_order(layout.PAIR.size, layout.MINT_X_OFFSET, layout.MINT_Y_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> DlmmPool:
        """Parse a pair; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return DlmmPool(address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """The swap that one of this engine's instructions asks for; raises UnknownInstruction."""
        return instructions.decode_swap(instruction, VENUE)
