"""What becomes of statuses that several nodes give of one transaction."""

from __future__ import annotations

import pytest

from dex.rpc.agreement import agreed
from dex.rpc.answers import SignatureStatus, SignatureStatuses

SLIPPAGE = {"InstructionError": [3, {"Custom": 6005}]}
PROCESSED = SignatureStatus(100, "processed", None)
CONFIRMED = SignatureStatus(100, "confirmed", None)
FINALIZED = SignatureStatus(100, "finalized", None)
FAILED = SignatureStatus(100, "confirmed", SLIPPAGE)
FAILED_FINALLY = SignatureStatus(100, "finalized", SLIPPAGE)
ELSEWHERE = SignatureStatus(101, "confirmed", None)


def told(*statuses: SignatureStatus | None, at: int = 110, searched: bool = False) -> SignatureStatus | None:
    answers = [SignatureStatuses(at, (status,), searched) for status in statuses]
    return agreed(answers, ["signature"]).statuses[0]


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        ((CONFIRMED, CONFIRMED), CONFIRMED),
        ((FINALIZED, CONFIRMED), CONFIRMED),
        ((FAILED, FAILED, FAILED_FINALLY), FAILED),
        ((None, None), None),
        # Nothing is decided by one of them alone, nor against another one.
        ((FAILED, CONFIRMED), PROCESSED),
        ((FAILED_FINALLY, CONFIRMED), PROCESSED),
        ((CONFIRMED, ELSEWHERE), PROCESSED),
        ((FAILED, None), PROCESSED),
        ((CONFIRMED, PROCESSED), PROCESSED),
        ((FINALIZED, PROCESSED), PROCESSED),
    ],
)
def test_what_all_say_alike_counts(
    statuses: tuple[SignatureStatus | None, ...], together: SignatureStatus | None
) -> None:
    assert told(*statuses) == together


@pytest.mark.parametrize(
    ("at", "searched", "together"),
    [
        # Too new for the other one to know, something it should know, and too old for it.
        (132, False, FAILED_FINALLY),
        (133, False, PROCESSED),
        (250, False, PROCESSED),
        (251, False, FAILED_FINALLY),
        (251, True, PROCESSED),
        (18_101, True, FAILED_FINALLY),
    ],
)
def test_what_is_final_counts_where_others_cannot_know(
    at: int, searched: bool, together: SignatureStatus
) -> None:
    assert told(FAILED_FINALLY, None, at=at, searched=searched) == together


def test_the_slot_of_an_answer_is_the_oldest_ones() -> None:
    answers = [SignatureStatuses(slot, (None,), True) for slot in (12, 10, 11)]
    assert agreed(answers, ["signature"]) == SignatureStatuses(10, (None,), True)
