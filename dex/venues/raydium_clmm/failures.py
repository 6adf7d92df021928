"""Raydium CLMM's errors: their names in both numberings, and what they mean (raydium-clmm error.rs).

The release of April 2026 removed variants, so a number names different errors before and after it. A log
has the name; a number alone decides only where it can be one error of a swap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.types import FailureKind
from dex.venues.error_names import numbered
from dex.venues.program_errors import ErrorTable, anchor_error_name

_BEFORE: Final[Mapping[int, str]] = numbered(
    (
        "LOK",
        "NotApproved",
        "InvalidUpdateConfigFlag",
        "AccountLack",
        "ClosePositionErr",
        "ZeroMintAmount",
        "InvaildTickIndex",
        "TickInvaildOrder",
        "TickLowerOverflow",
        "TickUpperOverflow",
        "TickAndSpacingNotMatch",
        "InvalidTickArray",
        "InvalidTickArrayBoundary",
        "SqrtPriceLimitOverflow",
        "SqrtPriceX64",
        "LiquiditySubValueErr",
        "LiquidityAddValueErr",
        "InvaildLiquidity",
        "ForbidBothZeroForSupplyLiquidity",
        "LiquidityInsufficient",
        "TransactionTooOld",
        "PriceSlippageCheck",
        "TooLittleOutputReceived",
        "TooMuchInputPaid",
        "ZeroAmountSpecified",
        "InvalidInputPoolVault",
        "TooSmallInputOrOutputAmount",
        "NotEnoughTickArrayAccount",
        "InvalidFirstTickArrayAccount",
        "InvalidRewardIndex",
        "FullRewardInfo",
        "RewardTokenAlreadyInUse",
        "ExceptPoolVaultMint",
        "InvalidRewardInitParam",
        "InvalidRewardDesiredAmount",
        "InvalidRewardInputAccountNumber",
        "InvalidRewardPeriod",
        "NotApproveUpdateRewardEmissiones",
        "UnInitializedRewardInfo",
        "NotSupportMint",
        "MissingTickArrayBitmapExtensionAccount",
        "InsufficientLiquidityForDirection",
        "MaxTokenOverflow",
        "CalculateOverflow",
        "TransferFeeCalculateNotMatch",
    ),
    6000,
)
_SINCE: Final[Mapping[int, str]] = numbered(
    (
        "NotApproved",
        "InvalidUpdateConfigFlag",
        "AccountLack",
        "ClosePositionErr",
        "InvalidTickIndex",
        "TickInvalidOrder",
        "TickLowerOverflow",
        "TickUpperOverflow",
        "TickAndSpacingNotMatch",
        "InvalidTickArray",
        "InvalidTickArrayBoundary",
        "SqrtPriceLimitOverflow",
        "SqrtPriceX64",
        "LiquiditySubValueErr",
        "LiquidityAddValueErr",
        "ForbidBothZeroForSupplyLiquidity",
        "LiquidityInsufficient",
        "PriceSlippageCheck",
        "TooLittleOutputReceived",
        "TooMuchInputPaid",
        "ZeroAmountSpecified",
        "InvalidInputPoolVault",
        "TooSmallInputOrOutputAmount",
        "NotEnoughTickArrayAccount",
        "InvalidFirstTickArrayAccount",
        "InvalidRewardIndex",
        "FullRewardInfo",
        "RewardTokenAlreadyInUse",
        "ExceptRewardMint",
        "InvalidRewardInitParam",
        "InvalidRewardInputAccountNumber",
        "InvalidRewardPeriod",
        "NotApproveUpdateRewardEmissions",
        "UnInitializedRewardInfo",
        "NotSupportMint",
        "MissingTickArrayBitmapExtensionAccount",
        "InsufficientLiquidityForDirection",
        "MaxTokenOverflow",
        "CalculateOverflow",
        "TransferFeeCalculateNotMatch",
        "OrderAlreadyFilled",
        "InvalidOrderPhase",
        "InvalidLimitOrderAmount",
        "OrderPhaseSaturated",
        "InvalidDynamicFeeConfigParams",
        "InvalidFeeOn",
        "ZeroSqrtPrice",
        "ZeroLiquidity",
        "MissingBaseFlag",
        "MissingMintAccount",
        "MissingTokenProgram2022",
        "InvalidTickArrayBitmapExtensionAccount",
    ),
    6000,
)
NUMBERINGS: Final = (_BEFORE, _SINCE)
# A number of both is the later one: mainnet's.
ERROR_NAMES: Final[Mapping[int, str]] = MappingProxyType({**_BEFORE, **_SINCE})

_BY_NAME: Final = {
    "TooLittleOutputReceived": FailureKind.SLIPPAGE_EXCEEDED,
    "TooMuchInputPaid": FailureKind.SLIPPAGE_EXCEEDED,
    "NotApproved": FailureKind.POOL_DISABLED,
    "ZeroAmountSpecified": FailureKind.AMOUNT_TOO_SMALL,
    "TooSmallInputOrOutputAmount": FailureKind.AMOUNT_TOO_SMALL,
    "LiquidityInsufficient": FailureKind.INSUFFICIENT_LIQUIDITY,
    "InsufficientLiquidityForDirection": FailureKind.INSUFFICIENT_LIQUIDITY,
    "NotEnoughTickArrayAccount": FailureKind.INSUFFICIENT_LIQUIDITY,
    "MissingTickArrayBitmapExtensionAccount": FailureKind.INSUFFICIENT_LIQUIDITY,
    "InvalidTickArray": FailureKind.INSUFFICIENT_LIQUIDITY,
    "SqrtPriceLimitOverflow": FailureKind.INSUFFICIENT_LIQUIDITY,
    "MaxTokenOverflow": FailureKind.INSUFFICIENT_LIQUIDITY,
    "CalculateOverflow": FailureKind.INSUFFICIENT_LIQUIDITY,
    "RequireGtViolated": FailureKind.POOL_DISABLED,
    # The price moved back into an array that is not passed.
    "InvalidFirstTickArrayAccount": FailureKind.OTHER,
}
_TRANSFERRED: Final = tuple(f"Program {program} success" for program in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM))
_REQUIRE_GT: Final = 2505
_COMPARED: Final = re.compile(r"^Program log: (Left|Right): (\d+)$")
_THROWN_AT: Final = re.compile(r"swap_v2\.rs:(\d+)\. Error Code: RequireGtViolated")
# The opening time is asked for in line 116 of the recorded release, the moved price behind the transfers.
_OPENING_ENDS: Final = 200


def _by_number() -> dict[int, FailureKind]:
    """What a number means, unless the two numberings give it to different errors of a swap."""
    kinds = {_REQUIRE_GT: _BY_NAME["RequireGtViolated"]}
    for number in sorted({number for names in NUMBERINGS for number in names}):
        named = (names.get(number, "") for names in NUMBERINGS)
        meanings = {_BY_NAME[name] for name in named if name in _BY_NAME}
        if len(meanings) == 1:
            kinds[number] = meanings.pop()
    return kinds


class ClmmErrors:
    """What a failed swap of one deployment means."""

    def __init__(self, program_id: Pubkey) -> None:
        self._program_id = program_id
        self._table = ErrorTable(program_id, _BY_NAME, _by_number())

    def classify(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        """By the name in the log, else by the number; Anchor's comparisons by what they compared.

        RequireGtViolated says that the pool has not opened, or, behind the transfers, that the price did
        not move; RequireEqViolated that less was filled than asked for, or that a transfer fee came on top.
        """
        name = anchor_error_name(logs, self._program_id)
        if name == "RequireGtViolated" and _is_behind_transfers(logs):
            return FailureKind.AMOUNT_TOO_SMALL
        if name == "RequireEqViolated" and _is_filled_in_part(logs):
            return FailureKind.INSUFFICIENT_LIQUIDITY
        return self._table.classify(error_code, logs)


def _is_behind_transfers(logs: Sequence[str]) -> bool:
    if any(line.startswith(_TRANSFERRED) for line in logs):
        return True
    thrown = (_THROWN_AT.search(line) for line in logs)
    return any(int(found[1]) > _OPENING_ENDS for found in thrown if found)


def _is_filled_in_part(logs: Sequence[str]) -> bool:
    compared = {found[1]: int(found[2]) for line in logs if (found := _COMPARED.match(line))}
    return len(compared) == 2 and compared["Left"] > compared["Right"]
