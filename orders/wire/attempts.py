"""Attempts on the wire: each signed transaction of an order, what became of it and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

from orders import gateway
from orders.amounts import from_base_units
from orders.lifecycle import AttemptState, FailureReason, SendAnswer
from orders.models import Attempt
from orders.wire.event_fields import EXPLORER_URL, SIGNATURE
from orders.wire.json_types import DECIMAL, DETAILS, INSTANT, INTEGER, TEXT, instant, nullable, one_of
from orders.wire.message import Field, Message, ref

_LAMPORT_DECIMALS: Final = 9


def lamports(column: str) -> Callable[[Any], str | None]:
    """Reads a column of lamports as SOL."""
    read = attrgetter(column)

    def text(row: Any) -> str | None:
        amount = read(row)
        return None if amount is None else from_base_units(amount, _LAMPORT_DECIMALS)

    return text


def explorer_url(network: str, signature: str) -> str | None:
    """The page of a transaction in the Solana Explorer, or None when there is no transaction."""
    return gateway.explorer_url(network, signature) if signature else None


def error_of(code: str, message: str, details: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """A reason and its text for people, or None where there is none."""
    if not code:
        return None
    known = FailureReason(code).label if code in FailureReason.values else code
    said = {"code": code, "message": message or str(known)}
    return said | ({"details": details} if details else {})


FAILURE: Final = Message(
    "Failure",
    Field("code", TEXT, means="a reason's stable code", example="NO_ROUTE"),
    Field("message", TEXT, means="the same for people", example="No pool trades this pair"),
    Field("details", DETAILS, means="figures behind the reason", optional=True),
)
_ATTEMPT_FEES: Final = Message(
    "AttemptFees",
    Field("network", nullable(DECIMAL), lamports("network_fee"), "in SOL", example="0.000005"),
    Field("priority", nullable(DECIMAL), lamports("priority_fee"), "in SOL", example="0"),
    Field("tip", nullable(DECIMAL), lamports("tip"), "to Jito, in SOL", example="0"),
    Field("rent", nullable(DECIMAL), lamports("rent"), "lies in a token account that it opened", example="0"),
    means="What the transaction cost in SOL, also where it failed; null until the chain has decided.",
)
ATTEMPT: Final = Message(
    "Attempt",
    Field("attempt", INTEGER, "number", "counts from 1"),
    Field("txHash", TEXT, "signature", "the transaction's signature", example=SIGNATURE),
    Field(
        "explorerUrl",
        TEXT,
        lambda attempt: explorer_url(attempt.order.network, attempt.signature),
        "where people can look it up",
        example=EXPLORER_URL,
    ),
    Field("venue", TEXT, "venue", "the pool's program", example="raydium-cpmm"),
    Field("state", one_of(AttemptState.values), "state", "what became of it", example="landed"),
    Field("slot", nullable(INTEGER), "slot", "of its block", example=10),
    Field("sends", INTEGER, "sends", "how often its bytes were sent"),
    Field(
        "sendAnswer",
        nullable(one_of(SendAnswer.values)),
        lambda attempt: attempt.send_answer or None,
        "what the node last said to it",
    ),
    Field(
        "sendReason",
        nullable(TEXT),
        lambda attempt: attempt.send_reason or None,
        "why the node did not take it",
        example=None,
    ),
    Field(
        "error", nullable(ref(FAILURE)), lambda attempt: error_of(attempt.error_code, ""), "why", example=None
    ),
    Field("fees", ref(_ATTEMPT_FEES), _ATTEMPT_FEES.of, "what it cost"),
    Field(
        "lastValidBlockHeight", INTEGER, "last_valid_block_height", "it cannot land behind it", example=158
    ),
    Field("createdAt", INSTANT, instant("created_at"), "when it was signed"),
)


def attempt_as_wire(attempt: Attempt) -> dict[str, Any]:
    """One signed transaction of an order, without its bytes."""
    return ATTEMPT.of(attempt)
