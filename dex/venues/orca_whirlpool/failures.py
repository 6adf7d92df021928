"""What Whirlpool's errors mean to a swap (whirlpools errors.rs)."""

from __future__ import annotations

from typing import Final

from dex.types import FailureKind

# Number and name of every error that a swap can end with.
ERRORS: Final = {
    6003: "TickArrayIndexOutofBounds",
    6006: "DivideByZero",
    6007: "NumberCastError",
    6008: "NumberDownCastError",
    6009: "TickNotFound",
    6010: "InvalidTickIndex",
    6011: "SqrtPriceOutOfBounds",
    6014: "LiquidityOverflow",
    6015: "LiquidityUnderflow",
    6016: "LiquidityNetError",
    6017: "TokenMaxExceeded",
    6018: "TokenMinSubceeded",
    6021: "InvalidTimestampConversion",
    6022: "InvalidTimestamp",
    6023: "InvalidTickArraySequence",
    6030: "MultiplicationShiftRightOverflow",
    6031: "MulDivOverflow",
    6032: "MulDivInvalidInput",
    6033: "MultiplicationOverflow",
    6034: "InvalidSqrtPriceLimitDirection",
    6035: "ZeroTradableAmount",
    6036: "AmountOutBelowMinimum",
    6037: "AmountInAboveMaximum",
    6038: "TickArraySequenceInvalidIndex",
    6039: "AmountCalcOverflow",
    6040: "AmountRemainingOverflow",
    6048: "RemainingAccountsInvalidSlice",
    6049: "RemainingAccountsInsufficient",
    6050: "NoExtraAccountsForTransferHook",
    6052: "TransferFeeCalculationError",
    6053: "RemainingAccountsDuplicatedAccountsType",
    6055: "TooManySupplementalTickArrays",
    6056: "DifferentWhirlpoolTickArrayAccount",
    6057: "PartialFillError",
    6064: "TradeIsNotEnabled",
}

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
BY_NUMBER: Final = {number: BY_NAME[name] for number, name in ERRORS.items() if name in BY_NAME}
