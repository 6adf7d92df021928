"""The Orca Whirlpool program as a venue: one for each address that it is deployed at."""

from __future__ import annotations

from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap
from dex.venues.adapter import VenueAdapter, smaller_first
from dex.venues.orca_whirlpool import layout
from dex.venues.orca_whirlpool.failures import BY_NAME, BY_NUMBER, ERROR_NAMES
from dex.venues.orca_whirlpool.instructions import decode_swap
from dex.venues.orca_whirlpool.pool import DEX, WhirlpoolPool
from dex.venues.program_errors import ErrorTable

VENUE: Final = "orca-whirlpool"
IMMUTABLE_VENUE: Final = "orca-whirlpool-immutable"
PROGRAM: Final = Pubkey.from_string("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc")
# The same source without anybody who could replace it; on mainnet only.
IMMUTABLE_PROGRAM: Final = Pubkey.from_string("iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN")

# The dearest measured swap, through 53 tick groups with a fee of their own, took 564,990 units.
_COMPUTE_UNITS: Final = 800_000


class OrcaWhirlpool(VenueAdapter):
    """Finds, opens and explains the pools of one deployment."""

    def __init__(self, name: str = VENUE, program_id: Pubkey = PROGRAM) -> None:
        errors = ErrorTable(program_id, BY_NAME, BY_NUMBER)
        super().__init__(
            name, DEX, program_id, compute_units=_COMPUTE_UNITS, errors=errors, error_names=ERROR_NAMES
        )

    @classmethod
    def immutable(cls) -> OrcaWhirlpool:
        """The deployment that nobody can replace."""
        return cls(IMMUTABLE_VENUE, IMMUTABLE_PROGRAM)

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """One query: the program keeps the smaller mint first."""
        return smaller_first(layout.POOL.size, layout.MINT_A_OFFSET, layout.MINT_B_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> WhirlpoolPool:
        """Parse a pool; raises WrongOwner or UnknownLayout."""
        return WhirlpoolPool(self.name, self.program_id, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do with an instruction that a pool made; raises UnknownInstruction."""
        return decode_swap(instruction, self.program_id, self.name)
