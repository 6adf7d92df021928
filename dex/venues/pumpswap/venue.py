"""The PumpSwap program as a venue.

No build of the program was at hand, so nothing here has been held against what it does: the layouts, formulas
and accounts are those of its IDL, its documents and its SDK. It is off unless EXTRA_VENUES names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import AccountData, AccountFilter, DecodedSwap, FailureKind
from dex.venues.adapter import VenueAdapter
from dex.venues.program_errors import ErrorTable
from dex.venues.pumpswap import layout
from dex.venues.pumpswap.addresses import PROGRAM, canonical_pool
from dex.venues.pumpswap.instructions import decode_swap
from dex.venues.pumpswap.pool import DEX, VENUE, PumpSwapPool

# Nothing is measured, and a swap may have to open an account; a simulation says less where it is asked.
_COMPUTE_UNITS: Final = 400_000
# pump_amm IDL.
_ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        6001: "ZeroBaseAmount",
        6002: "ZeroQuoteAmount",
        6004: "ExceededSlippage",
        6013: "InvalidProtocolFeeRecipient",
        6016: "BuyMoreBaseAmountThanPoolReserves",
        6020: "DisabledBuy",
        6021: "DisabledSell",
        6023: "Overflow",
        6039: "BuyNotEnoughQuoteTokensToCoverFees",
        6040: "BuySlippageBelowMinBaseAmountOut",
        6053: "BuybackFeeRecipientNotAuthorized",
        6058: "BuybackFeeRecipientMissing",
        6063: "InsufficientRealQuoteReserves",
        6079: "CashbackCoinNotSupported",
    }
)
_BY_NUMBER: Final[Mapping[int, FailureKind]] = MappingProxyType(
    {
        6001: FailureKind.AMOUNT_TOO_SMALL,
        6002: FailureKind.AMOUNT_TOO_SMALL,
        6004: FailureKind.SLIPPAGE_EXCEEDED,
        6016: FailureKind.INSUFFICIENT_LIQUIDITY,
        6020: FailureKind.POOL_DISABLED,
        6021: FailureKind.POOL_DISABLED,
        6039: FailureKind.AMOUNT_TOO_SMALL,
        6040: FailureKind.SLIPPAGE_EXCEEDED,
        6063: FailureKind.INSUFFICIENT_LIQUIDITY,
    }
)
_BY_NAME: Final = {_ERROR_NAMES[number]: kind for number, kind in _BY_NUMBER.items()}


class PumpSwap(VenueAdapter):
    """Finds, opens and explains PumpSwap pools; mainnet and devnet share one program id."""

    def __init__(self) -> None:
        errors = ErrorTable(PROGRAM, _BY_NAME, _BY_NUMBER)
        super().__init__(
            VENUE, DEX, PROGRAM, compute_units=_COMPUTE_UNITS, errors=errors, error_names=_ERROR_NAMES
        )

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[AccountFilter, ...]:
        """Two queries: who creates a pool chooses the base. Pools of several releases have several sizes."""
        kind = (0, layout.POOL_DISCRIMINATOR)
        return tuple(
            AccountFilter(
                None,
                (
                    kind,
                    (layout.BASE_MINT_OFFSET, bytes(base)),
                    (layout.QUOTE_MINT_OFFSET, bytes(quote)),
                ),
            )
            for base, quote in ((mint_a, mint_b), (mint_b, mint_a))
        )

    def derived_pools(self, mint_a: Pubkey, mint_b: Pubkey) -> tuple[Pubkey, ...]:
        """The pools of tokens that have graduated, where either is the base."""
        return canonical_pool(mint_a, mint_b), canonical_pool(mint_b, mint_a)

    def open_pool(self, address: Pubkey, account: AccountData) -> PumpSwapPool:
        """Parse a pool; raises WrongOwner or UnknownLayout."""
        return PumpSwapPool(address, account)

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do; raises UnknownInstruction."""
        return decode_swap(instruction, VENUE)
