"""The Meteora DAMM v2 program as a venue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.adapter import VenueAdapter, either_order
from dex.venues.meteora_damm_v2 import layout
from dex.venues.meteora_damm_v2.instructions import PROGRAM, decode_swap
from dex.venues.meteora_damm_v2.pool import DEX, VENUE, DammV2Pool
from dex.venues.program_errors import ErrorTable

# The dearest measured swap, both mints of Token-2022, took 41,312 units.
_COMPUTE_UNITS: Final = 65_000
# damm-v2 error.rs. MathOverflow is what the program says when a checked subtraction finds less in
# the pool than was asked for.
_BY_NAME: Final = {
    "ExceededSlippage": FailureKind.SLIPPAGE_EXCEEDED,
    "PoolDisabled": FailureKind.POOL_DISABLED,
    "AmountIsZero": FailureKind.AMOUNT_TOO_SMALL,
    "TransferFeeExcludedAmountIsZero": FailureKind.AMOUNT_TOO_SMALL,
    "PriceRangeViolation": FailureKind.INSUFFICIENT_LIQUIDITY,
    "InsufficientLiquidity": FailureKind.INSUFFICIENT_LIQUIDITY,
    "MathOverflow": FailureKind.INSUFFICIENT_LIQUIDITY,
}
_BY_NUMBER: Final = {
    6000: FailureKind.INSUFFICIENT_LIQUIDITY,
    6002: FailureKind.SLIPPAGE_EXCEEDED,
    6003: FailureKind.POOL_DISABLED,
    6006: FailureKind.AMOUNT_TOO_SMALL,
    6015: FailureKind.INSUFFICIENT_LIQUIDITY,
    6023: FailureKind.INSUFFICIENT_LIQUIDITY,
}
_ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        6000: "MathOverflow",
        6002: "ExceededSlippage",
        6003: "PoolDisabled",
        6006: "AmountIsZero",
        6007: "TypeCastFailed",
        6015: "PriceRangeViolation",
        6017: "InvalidCollectFeeMode",
        6023: "InsufficientLiquidity",
        6049: "FailToValidateSingleSwapInstruction",
        6052: "InvalidPoolVersion",
    }
)


class MeteoraDammV2(VenueAdapter):
    """Finds, opens and explains DAMM v2 pools; mainnet and devnet share one program id."""

    def __init__(self) -> None:
        errors = ErrorTable(PROGRAM, _BY_NAME, _BY_NUMBER)
        super().__init__(
            VENUE, DEX, PROGRAM, compute_units=_COMPUTE_UNITS, errors=errors, error_names=_ERROR_NAMES
        )

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """Two queries: anyone who creates a pool chooses which mint is a."""
        return either_order(layout.POOL.size, layout.MINT_A_OFFSET, layout.MINT_B_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> DammV2Pool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return DammV2Pool(address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do; raises UnknownInstruction."""
        return decode_swap(instruction, VENUE)
