"""Sending signed bytes, and what the node says to it.

Whatever it says, only a status tells what happened to the bytes: an answer is for people and for graphs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dex.errors import DexError
from dex.rpc.answers import SendKind, SendOutcome
from orders.gateway import jito
from orders.gateway.connection import connection
from orders.lifecycle import TAKEN, SendAnswer
from orders.telemetry import counters

logger = logging.getLogger(__name__)

_LONGEST_REASON: Final = 255
# Of a node that simulates first: it does not pass on bytes whose blockhash it does not know.
_NO_BLOCKHASH: Final = "BlockhashNotFound"
_ANSWERS: Final[Mapping[SendKind, SendAnswer]] = {
    SendKind.ACCEPTED: SendAnswer.ACCEPTED,
    SendKind.ALREADY_PROCESSED: SendAnswer.ALREADY_PROCESSED,
    SendKind.REJECTED: SendAnswer.REFUSED,
    SendKind.UNKNOWN: SendAnswer.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What a node said to one send; ``reason`` is its text for people, empty where it took the bytes."""

    answer: SendAnswer
    reason: str = ""


def send(raws: Sequence[bytes]) -> list[Sent]:
    """Send signed bytes, many in one request; never raises. What is not taken is logged and counted."""
    if not raws:
        return []
    try:
        outcomes = connection().run(_send(raws))
    except DexError as error:
        outcomes = [SendOutcome(SendKind.UNKNOWN, reason=error.code)] * len(raws)
    sent = [_sent(outcome) for outcome in outcomes]
    for answer, count in Counter(one.answer for one in sent).items():
        counters.sent(answer.value, count)
    for one, count in Counter(one for one in sent if one.answer not in TAKEN).items():
        logger.warning("%d transactions not taken by the node (%s): %s", count, one.answer.value, one.reason)
    return sent


async def _send(raws: Sequence[bytes]) -> list[SendOutcome]:
    jito.send_soon(raws)
    return await connection().rpc.send(raws)


def _sent(outcome: SendOutcome) -> Sent:
    answer = _ANSWERS[outcome.kind]
    if answer in TAKEN:
        return Sent(answer)
    if outcome.error == _NO_BLOCKHASH:
        answer = SendAnswer.REFUSED
    reason = outcome.reason if outcome.error is None else f"{outcome.reason} ({outcome.error})"
    return Sent(answer, "".join(filter(str.isprintable, reason))[:_LONGEST_REASON] or "no reason given")
