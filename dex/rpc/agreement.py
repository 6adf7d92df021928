"""What several nodes say of the same transactions, as one answer. Pure.

One node's word ends no order: a status counts as confirmed or finalized where all nodes that answer give it
alike. Until then it counts as ``processed``, which decides nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dex.rpc.absence import APART_SLOTS, REMEMBERED_SLOTS
from dex.rpc.answers import SignatureStatus, SignatureStatuses

logger = logging.getLogger(__name__)

_RANK: Final = {"processed": 0, "confirmed": 1, "finalized": 2}
# Without a search of the history a node knows some 300 blockhashes back (MAX_RECENT_BLOCKHASHES); by half
# of that every node that is well still has a status that it ever had.
_RECENT_SLOTS: Final = 150


def agreed(answers: Sequence[SignatureStatuses], signatures: Sequence[str]) -> SignatureStatuses:
    """One answer out of at least one node's to the same question; the slot is the oldest answer's."""
    statuses = tuple(_agreed(answers, index, signature) for index, signature in enumerate(signatures))
    return SignatureStatuses(
        min(answer.slot for answer in answers),
        statuses,
        all(answer.searched_history for answer in answers),
    )


def _agreed(answers: Sequence[SignatureStatuses], index: int, signature: str) -> SignatureStatus | None:
    """What all say, at the commitment of the one that says least.

    A node that finds nothing has no say about what is final elsewhere and too new or too old for it to know.
    """
    found = [status for answer in answers if (status := answer.statuses[index]) is not None]
    if not found:
        return None
    settled = [status for status in found if _RANK.get(status.commitment, 0) > 0]
    undecided = replace(min(found, key=_rank), commitment="processed", error=None)
    if len({(status.slot, repr(status.error)) for status in settled}) > 1:
        logger.error("nodes do not agree about %s: %s", signature, settled)
        return undecided
    if settled and len(settled) == len(answers):
        return min(settled, key=_rank)
    furthest = max(found, key=_rank)
    missing = [answer for answer in answers if answer.statuses[index] is None]
    is_final = furthest.commitment == "finalized" and len(settled) + len(missing) == len(answers)
    if is_final and not any(_should_know(answer, furthest.slot) for answer in missing):
        return furthest
    return undecided


def _should_know(answer: SignatureStatuses, slot: int) -> bool:
    """Whether a node that finds nothing would have to, had the transaction been final in ``slot``."""
    age = answer.slot - slot
    return APART_SLOTS < age <= (REMEMBERED_SLOTS if answer.searched_history else _RECENT_SLOTS)


def _rank(status: SignatureStatus) -> int:
    return _RANK.get(status.commitment, 0)
