"""The Meteora DLMM program as a venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.meteora_dlmm import instructions, layout
from dex.venues.meteora_dlmm.addresses import PROGRAM
from dex.venues.meteora_dlmm.errors import KINDS_BY_NAME, KINDS_BY_NUMBER, NAMES
from dex.venues.meteora_dlmm.pool import DEX, VENUE, DlmmPool
from dex.venues.program_errors import ErrorTable

# The dearest measured swap crossed 99 bins for 725,607 units; a quote names what its own needs.
_COMPUTE_UNITS: Final = 900_000


class MeteoraDlmm:
    """Finds, opens and explains DLMM pairs; mainnet and devnet share one program id."""

    def __init__(self) -> None:
        self._errors = ErrorTable(PROGRAM, KINDS_BY_NAME, KINDS_BY_NUMBER)

    @property
    def name(self) -> str:
        return VENUE

    @property
    def dex(self) -> str:
        return DEX

    @property
    def program_id(self) -> Pubkey:
        return PROGRAM

    @property
    def compute_units(self) -> int:
        return _COMPUTE_UNITS

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> Sequence[AccountFilter]:
        """Two queries: the creator of a pair chooses which mint is x."""
        return tuple(
            AccountFilter(
                layout.PAIR.size,
                (
                    (layout.MINT_X_OFFSET, bytes(first)),
                    (layout.MINT_Y_OFFSET, bytes(second)),
                ),
            )
            for first, second in ((mint_a, mint_b), (mint_b, mint_a))
        )

    def open_pool(self, address: Pubkey, account: AccountData) -> DlmmPool:
        """Parse a pair; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return DlmmPool(address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """The swap that one of this engine's instructions asks for; raises UnknownInstruction."""
        return instructions.decode_swap(instruction, VENUE)

    @property
    def error_names(self) -> Mapping[int, str]:
        return NAMES

    def classify_failure(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        return self._errors.classify(error_code, logs)
