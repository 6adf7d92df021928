"""The Raydium AMM v4 program as a venue."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.adapter import VenueAdapter, either_order
from dex.venues.error_names import numbered
from dex.venues.program_errors import ErrorTable
from dex.venues.raydium_amm_v4 import layout
from dex.venues.raydium_amm_v4.instructions import decode_swap
from dex.venues.raydium_amm_v4.pool import DEX, VENUE, AmmV4Pool

MAINNET_PROGRAM: Final = Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
DEVNET_PROGRAM: Final = Pubkey.from_string("DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav")

# The dearest measured swap took 23,432 units.
_COMPUTE_UNITS: Final = 35_000
_AUTHORITY_SEED: Final = b"amm authority"
# raydium-amm error.rs: numbered from 0, for the program is not made with Anchor.
_ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    numbered(
        (
            "AlreadyInUse",
            "InvalidProgramAddress",
            "ExpectedMint",
            "ExpectedAccount",
            "InvalidCoinVault",
            "InvalidPCVault",
            "InvalidTokenLP",
            "InvalidDestTokenCoin",
            "InvalidDestTokenPC",
            "InvalidPoolMint",
            "InvalidOpenOrders",
            "InvalidMarket",
            "InvalidMarketProgram",
            "InvalidTargetOrders",
            "AccountNeedWriteable",
            "AccountNeedReadOnly",
            "InvalidCoinMint",
            "InvalidPCMint",
            "InvalidOwner",
            "InvalidSupply",
            "InvalidDelegate",
            "InvalidSignAccount",
            "InvalidStatus",
            "InvalidInstruction",
            "WrongAccountsNumber",
            "InvalidTargetAccountOwner",
            "InvalidTargetOwner",
            "InvalidAmmAccountOwner",
            "InvalidParamsSet",
            "InvalidInput",
            "ExceededSlippage",
            "CalculationExRateFailure",
            "CheckedSubOverflow",
            "CheckedAddOverflow",
            "CheckedMulOverflow",
            "CheckedDivOverflow",
            "CheckedEmptyFunds",
            "CalcPnlError",
            "InvalidSplTokenProgram",
            "TakePnlError",
            "InsufficientFunds",
            "ConversionFailure",
            "InvalidUserToken",
            "InvalidSrmMint",
            "InvalidSrmToken",
            "TooManyOpenOrders",
            "OrderAtSlotIsPlaced",
            "InvalidSysProgramAddress",
            "InvalidFee",
            "RepeatCreateAmm",
            "NotAllowZeroLP",
            "InvalidCloseAuthority",
            "InvalidFreezeAuthority",
            "InvalidReferPCMint",
            "InvalidConfigAccount",
            "RepeatCreateConfigAccount",
            "MarketLotSizeIsTooLarge",
            "InitLpAmountTooLess",
            "UnknownAmmError",
            "NotAllowed",
        ),
        0,
    )
)
_MEANINGS: Final = {
    "InvalidStatus": FailureKind.POOL_DISABLED,
    "InvalidInput": FailureKind.AMOUNT_TOO_SMALL,
    "ExceededSlippage": FailureKind.SLIPPAGE_EXCEEDED,
    # Of the payer's account, and of the pool's reserve: the program has one error for both.
    "InsufficientFunds": FailureKind.INSUFFICIENT_FUNDS,
}
_BY_NUMBER: Final = {number: _MEANINGS[name] for number, name in _ERROR_NAMES.items() if name in _MEANINGS}


class RaydiumAmmV4(VenueAdapter):
    """Finds, opens and explains Raydium AMM v4 pools of one deployment."""

    def __init__(self, program_id: Pubkey) -> None:
        errors = ErrorTable(program_id, {}, _BY_NUMBER, is_anchor=False)
        super().__init__(
            VENUE, DEX, program_id, compute_units=_COMPUTE_UNITS, errors=errors, error_names=_ERROR_NAMES
        )
        self._authority = Pubkey.find_program_address([_AUTHORITY_SEED], program_id)

    @property
    def authority(self) -> Pubkey:
        """The program address that owns every vault."""
        return self._authority[0]

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """Two queries: anyone who creates a pool chooses which mint is coin."""
        return either_order(layout.POOL.size, layout.COIN_MINT_OFFSET, layout.PC_MINT_OFFSET, mint_a, mint_b)

    def open_pool(self, address: Pubkey, account: AccountData) -> AmmV4Pool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        return AmmV4Pool(self.program_id, self._authority, address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do; raises UnknownInstruction."""
        return decode_swap(instruction, self.program_id, self.authority, VENUE)
