"""The Raydium CPMM program as a venue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.adapter import VenueAdapter, smaller_first
from dex.venues.error_names import numbered
from dex.venues.program_errors import ErrorTable
from dex.venues.raydium_cpmm import layout
from dex.venues.raydium_cpmm.instructions import decode_swap
from dex.venues.raydium_cpmm.pool import DEX, VENUE, CpmmPool

MAINNET_PROGRAM: Final = Pubkey.from_string("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
DEVNET_PROGRAM: Final = Pubkey.from_string("DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb")

# The dearest measured swap, both mints of Token-2022, took 44,149 units.
_COMPUTE_UNITS: Final = 65_000
# raydium-cp-swap error.rs; require_gt! of an amount fails with Anchor's own RequireGtViolated.
_BY_NAME: Final = {
    "ExceededSlippage": FailureKind.SLIPPAGE_EXCEEDED,
    "NotApproved": FailureKind.POOL_DISABLED,
    "RequireGtViolated": FailureKind.AMOUNT_TOO_SMALL,
    "ZeroTradingTokens": FailureKind.AMOUNT_TOO_SMALL,
    "InsufficientVault": FailureKind.INSUFFICIENT_LIQUIDITY,
}
_BY_NUMBER: Final = {
    6005: FailureKind.SLIPPAGE_EXCEEDED,
    6000: FailureKind.POOL_DISABLED,
    2505: FailureKind.AMOUNT_TOO_SMALL,
    6006: FailureKind.AMOUNT_TOO_SMALL,
    6012: FailureKind.INSUFFICIENT_LIQUIDITY,
}
_ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    numbered(
        (
            "NotApproved",
            "InvalidOwner",
            "EmptySupply",
            "InvalidInput",
            "IncorrectLpMint",
            "ExceededSlippage",
            "ZeroTradingTokens",
            "NotSupportMint",
            "InvalidVault",
            "InitLpAmountTooLess",
            "TransferFeeCalculateNotMatch",
            "MathOverflow",
            "InsufficientVault",
            "InvalidFeeModel",
            "NoFeeCollect",
        ),
        6000,
    )
)


class RaydiumCpmm(VenueAdapter):
    """Finds, opens and explains Raydium CPMM pools of one deployment."""

    def __init__(self, program_id: Pubkey) -> None:
        errors = ErrorTable(program_id, _BY_NAME, _BY_NUMBER)
        super().__init__(
            VENUE, DEX, program_id, compute_units=_COMPUTE_UNITS, errors=errors, error_names=_ERROR_NAMES
        )
        self._authority, _ = Pubkey.find_program_address([b"vault_and_lp_mint_auth_seed"], program_id)

    @property
    def authority(self) -> Pubkey:
        """The program address that owns every vault."""
        return self._authority

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """One query: the program keeps the smaller mint first."""
        return smaller_first(layout.POOL.size, layout.MINT_0_OFFSET, layout.MINT_1_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> CpmmPool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return CpmmPool(self.program_id, self._authority, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do; raises UnknownInstruction."""
        return decode_swap(instruction, self.program_id, self._authority, VENUE)
