"""What Whirlpool's errors mean to a swap (whirlpools errors.rs)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dex.types import FailureKind
from dex.venues.error_names import numbered

ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    numbered(
        (
            "InvalidEnum",
            "InvalidStartTick",
            "TickArrayExistInPool",
            "TickArrayIndexOutofBounds",
            "InvalidTickSpacing",
            "ClosePositionNotEmpty",
            "DivideByZero",
            "NumberCastError",
            "NumberDownCastError",
            "TickNotFound",
            "InvalidTickIndex",
            "SqrtPriceOutOfBounds",
            "LiquidityZero",
            "LiquidityTooHigh",
            "LiquidityOverflow",
            "LiquidityUnderflow",
            "LiquidityNetError",
            "TokenMaxExceeded",
            "TokenMinSubceeded",
            "MissingOrInvalidDelegate",
            "InvalidPositionTokenAmount",
            "InvalidTimestampConversion",
            "InvalidTimestamp",
            "InvalidTickArraySequence",
            "InvalidTokenMintOrder",
            "RewardNotInitialized",
            "InvalidRewardIndex",
            "RewardVaultAmountInsufficient",
            "FeeRateMaxExceeded",
            "ProtocolFeeRateMaxExceeded",
            "MultiplicationShiftRightOverflow",
            "MulDivOverflow",
            "MulDivInvalidInput",
            "MultiplicationOverflow",
            "InvalidSqrtPriceLimitDirection",
            "ZeroTradableAmount",
            "AmountOutBelowMinimum",
            "AmountInAboveMaximum",
            "TickArraySequenceInvalidIndex",
            "AmountCalcOverflow",
            "AmountRemainingOverflow",
            "InvalidIntermediaryMint",
            "DuplicateTwoHopPool",
            "InvalidBundleIndex",
            "BundledPositionAlreadyOpened",
            "BundledPositionAlreadyClosed",
            "PositionBundleNotDeletable",
            "UnsupportedTokenMint",
            "RemainingAccountsInvalidSlice",
            "RemainingAccountsInsufficient",
            "NoExtraAccountsForTransferHook",
            "IntermediateTokenAmountMismatch",
            "TransferFeeCalculationError",
            "RemainingAccountsDuplicatedAccountsType",
            "FullRangeOnlyPool",
            "TooManySupplementalTickArrays",
            "DifferentWhirlpoolTickArrayAccount",
            "PartialFillError",
            "PositionNotLockable",
            "OperationNotAllowedOnLockedPosition",
            "SameTickRangeNotAllowed",
            "InvalidAdaptiveFeeConstants",
            "InvalidFeeTierIndex",
            "InvalidTradeEnableTimestamp",
            "TradeIsNotEnabled",
        ),
        6000,
    )
)

_MEANINGS: Final = {
    FailureKind.SLIPPAGE_EXCEEDED: ("AmountOutBelowMinimum", "AmountInAboveMaximum"),
    # Before its opening time, or a clock behind what the pool has seen.
    FailureKind.POOL_DISABLED: ("TradeIsNotEnabled", "InvalidTimestamp", "InvalidTimestampConversion"),
    FailureKind.AMOUNT_TOO_SMALL: ("ZeroTradableAmount",),
    # More than the pool holds, beyond the arrays that were passed, out of the price range or of integers.
    FailureKind.INSUFFICIENT_LIQUIDITY: (
        "PartialFillError",
        "TickArraySequenceInvalidIndex",
        "InvalidTickArraySequence",
        "InvalidSqrtPriceLimitDirection",
        "SqrtPriceOutOfBounds",
        "TokenMaxExceeded",
        "TokenMinSubceeded",
        "DivideByZero",
        "LiquidityOverflow",
        "LiquidityUnderflow",
        "NumberCastError",
        "NumberDownCastError",
        "MultiplicationShiftRightOverflow",
        "MulDivOverflow",
        "MulDivInvalidInput",
        "MultiplicationOverflow",
        "AmountCalcOverflow",
        "AmountRemainingOverflow",
        "TransferFeeCalculationError",
    ),
}
BY_NAME: Final = {name: kind for kind, names in _MEANINGS.items() for name in names}
BY_NUMBER: Final = {number: BY_NAME[name] for number, name in ERROR_NAMES.items() if name in BY_NAME}
