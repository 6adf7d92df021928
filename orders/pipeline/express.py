"""Purchases that lose by every moment: quoted and signed beforehand, stored in one transaction, sent at once.

What is made beforehand is in memory alone: no row and no node knows of it, so that it may be thrown away and
made anew until it is stored. From then on it is an attempt like any other. Nothing here waits for a queue,
and a process that dies leaves either an order as it was, or one at `building` with an open attempt, which
whoever sweeps sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from dex.types import Quotes
from orders import gateway
from orders.gateway import Opens, SignedSwap
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import groups, stages
from orders.pipeline.pricing import priced, request_of
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import attempts, kill_switch, leases, routes
from orders.records.transition import Transition
from orders.telemetry import stage_log
from orders.wallets.admission import Admission


class NotStored(Exception):
    """Funds, caps or the kill switch keep the transaction from being stored: nothing was written."""


# What a transaction is made by: where one of these has changed, it is not the order's any more.
_TERMS: Final = (
    "attempt",
    "amount_in",
    "floor_amount_out",
    "first_quoted_amount_out",
    "slippage_bps",
    "max_price_impact_bps",
    "max_cost_bps",
    "wallet",
    "expires_at",
    "left_out_pools",
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A transaction for an order by its ``terms``, signed by the state of ``slot``.

    ``changes`` and ``data`` are of the step to building that goes with it.
    """

    terms: tuple[Any, ...]
    slot: int
    min_amount_out: int
    changes: Mapping[str, Any]
    data: dict[str, Any]
    swap: SignedSwap

    def suits(self, order: Order, slot: int, amount_out: int) -> bool:
        """Whether it may be sent at a slot in which the order's amount brings so much."""
        is_young = slot - self.slot <= settings.QUOTE_LASTS_SLOTS
        return is_young and amount_out >= self.min_amount_out and self.terms == _terms(order)


def make_ready(order: Order, pool: str, opens: Opens | None = None) -> Ready | None:
    """Quote and sign for an order that is to buy in ``pool``, at ``opens`` where that is still to come.

    None where there is no such transaction now: the stages of the pipeline say why. Nothing is written.
    """
    drawn = copy(order)
    drawn.route_bounds = routes.ending_in(order.route_bounds, pool)
    [board] = gateway.quote_swaps([request_of(drawn)], [drawn.left_out_pools or {}], opens)
    if not isinstance(board, Quotes) or board.lamports_missing:
        return None
    crash_point(crash_points.QUOTED)
    step = priced(drawn, board)
    if step.to is not Status.BUILDING or not kill_switch.is_on():
        return None
    for name, value in step.changes.items():
        setattr(drawn, name, value)
    [(_, swap)] = stages.sign([drawn])
    crash_point(crash_points.SIGNED)
    if not isinstance(swap, SignedSwap):
        return None
    slot, least = swap.funds.slot, drawn.min_amount_out or 1
    return Ready(_terms(order), slot, least, step.changes, step.data, swap)


def _terms(order: Order) -> tuple[Any, ...]:
    return tuple(getattr(order, name) for name in _TERMS)


def store(order: Order, ready: Ready) -> None:
    """Write an order at pending or routing on to building, with its signed bytes.

    Call it inside a transaction, which NotStored must undo.
    """
    if order.status == Status.PENDING:
        groups.record([Transition(order, Status.ROUTING)])
    until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    lease = {"lease_token": leases.new_token(), "lease_until": until}
    moved = groups.record([Transition(order, Status.BUILDING, {**ready.changes, **lease}, ready.data)])
    if not moved or not attempts.store([(order, ready.swap)], Admission()):
        raise NotStored(str(order.pk))
    # As the row is by now: see `leases.let_go_signed`.
    order.attempt, order.lease_token, order.lease_until, order.starts = order.attempt + 1, None, None, 0


def send(order: Order) -> list[Attempt]:
    """Send the bytes that `store` has committed; the attempts to be followed."""
    with stage_log.begun("express", [order.pk]):
        by_order = attempts.open_of([order])
        moved = stages.send([order], by_order)
        stage_log.came_to("sent", moved)
    return [by_order[each.pk] for each in moved]
