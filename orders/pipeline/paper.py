"""Orders that complete on paper: on devnet, when the wallet has no SOL and the faucet gives none.

Quotes are real; no transaction is made, and nothing pretends otherwise: the order's network is `paper`, it
has no attempt, no signature, no slot, and its amounts are the quote's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dex.types import Quotes
from orders import gateway
from orders.gateway import Failure, Relief
from orders.lifecycle import PAPER, FailureReason, Status
from orders.models import Order
from orders.pipeline import groups
from orders.pipeline.outcomes import failed_or_retried
from orders.records.transition import Transition
from orders.wire.events import executed_data, paper_data

NOTE: Final = "on paper: no transaction was made; the amounts are the quote's"


def is_allowed() -> bool:
    """Whether orders may complete on paper: a switch that only devnet has."""
    return bool(settings.DEVNET_PAPER_FALLBACK) and settings.SOLANA_NETWORK == "devnet"


def relieve(short: list[tuple[Order, Quotes, Transition]]) -> list[Transition]:
    """What follows for orders whose wallet lacks SOL: they wait for the faucet, or complete on paper here."""
    if not short:
        return []
    relief = gateway.ask_faucet()
    if relief is Relief.LIMITED and is_allowed():
        for order, board, building in short:
            complete(order, board, building)
        return []
    said = "an airdrop was asked for" if relief is Relief.GIVEN else "the faucet gives none now"
    reason = FailureReason.INSUFFICIENT_FUNDS
    failure = Failure(reason, f"{reason.label}: {said}")
    return [failed_or_retried(order, failure, curable=True) for order, _, _ in short]


def complete(order: Order, board: Quotes, building: Transition) -> None:
    """Take an order through its remaining steps in one transaction: it is on paper wholly or not at all."""
    marked = {"network": PAPER, "note": NOTE}
    submitted = paper_data(board)
    with transaction.atomic():
        first = replace(
            building,
            changes=building.changes | {"network": PAPER},
            data=building.data | marked,
            keep_lease=True,
        )
        if not groups.record([first]):
            return
        groups.record([Transition(order, Status.SUBMITTED, {}, submitted | marked, keep_lease=True)])
        groups.record([Transition(order, Status.CONFIRMED, *_confirmed(order, board, submitted | marked))])


def _confirmed(order: Order, board: Quotes, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    now = timezone.now()
    best = board.quotes[0]
    changes = {
        "executed_amount_in": best.amount_in,
        "executed_amount_out": best.amount_out,
        "confirmed_at": now,
        # Nothing will become final on a chain: nobody is to wait for it.
        "finalized_at": now,
        "error_code": "",
        "error_message": "",
    }
    amounts = executed_data(order, best.amount_in, best.amount_out)
    return changes, data | {"slot": None} | amounts
