"""The Orca Whirlpool program as a venue: one for each address that it is deployed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
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


class OrcaWhirlpool:
    """Finds, opens and explains the pools of one deployment."""

    def __init__(self, name: str = VENUE, program_id: Pubkey = PROGRAM) -> None:
        self._name = name
        self._program_id = program_id
        self._errors = ErrorTable(program_id, BY_NAME, BY_NUMBER)

    @classmethod
    def immutable(cls) -> OrcaWhirlpool:
        """The deployment that nobody can replace."""
        return cls(IMMUTABLE_VENUE, IMMUTABLE_PROGRAM)

    @property
    def name(self) -> str:
        return self._name

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
        return (AccountFilter(layout.POOL.size, ((layout.MINT_A_OFFSET, low), (layout.MINT_B_OFFSET, high))),)

    def open_pool(self, address: Pubkey, account: AccountData) -> WhirlpoolPool:
        """Parse a pool; raises WrongOwner or UnknownLayout."""
        return WhirlpoolPool(self._name, self._program_id, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do with an instruction that a pool made; raises UnknownInstruction."""
        return decode_swap(instruction, self._program_id, self._name)

    @property
    def error_names(self) -> Mapping[int, str]:
        """whirlpools errors.rs."""
        return ERROR_NAMES

    def classify_failure(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        return self._errors.classify(error_code, logs)
