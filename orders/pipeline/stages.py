"""The stages of an order on its way to the chain: route, build, submit. One function a stage.

Each takes a batch of ids, claims those that stand at its stage, and says which go on and which
wait for a retry. Every write names the lease of its claim. One order's failure never holds up
its batch. The last stage, settling, is `orders.pipeline.settle`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from dex.types import Quotes
from orders import gateway
from orders.errors import TradingHalted
from orders.gateway import Failure, SignedSwap, StaleQuote, SwapToSign
from orders.lifecycle import FailureReason, OrderType, Status
from orders.models import Attempt, Order
from orders.pipeline import groups, paper, settle
from orders.pipeline.claims import Outcome, claim_sound
from orders.pipeline.outcomes import failed_or_retried
from orders.pipeline.pricing import is_unchanged, priced, request_of
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import attempts, costs, first_step, kill_switch, leases, routes
from orders.records.transition import Transition
from orders.telemetry import stage_log
from orders.wallets import funds
from orders.wallets.admission import Admission
from orders.wire.events import ended_data, submitted_data

_TO_ROUTE: Final = frozenset({Status.PENDING, Status.ROUTING})


@stage_log.logged
def route(order_ids: Collection[UUID]) -> Outcome:
    """Find the best pool for each order: pending or routing becomes building.

    Takes other pending orders along: under load a batch fills up here, whatever its message named.
    """
    outcome = Outcome()
    if not kill_switch.is_on():
        return outcome
    orders = _begin_routing(order_ids, outcome)
    with leases.given_back_on_error(orders):
        boards = _quoted(orders)
        crash_point(crash_points.QUOTED)
        found = [(order, board, priced(order, board)) for order, board in zip(orders, boards, strict=True)]
        priced_ones = [(o, b, s) for o, b, s in found if isinstance(b, Quotes) and s.to is Status.BUILDING]
        short = [(order, board, step) for order, board, step in priced_ones if board.lamports_missing]
        lacking = {order.pk for order, _, _ in short}
        steps = [step for order, _, step in found if order.pk not in lacking]
        _sort_out(groups.record([*steps, *paper.relieve(short)]), Status.BUILDING, outcome)
    return outcome


@stage_log.logged
def build(order_ids: Collection[UUID]) -> Outcome:
    """Sign a transaction for each order and commit it as its open attempt; the status stays building.

    While trading is off nothing is signed: orders without an open attempt go back to routing and wait.
    """
    outcome = Outcome()
    orders = claim_sound(order_ids, {Status.BUILDING}, outcome)
    with leases.given_back_on_error(orders):
        signed_before = attempts.open_of(orders)
        ready = [order for order in orders if order.pk in signed_before]
        to_sign = [order for order in orders if order.pk not in signed_before]
        if not kill_switch.is_on():
            _hold_back(to_sign)
            to_sign = []
        pairs = _sign_within_limits(to_sign, outcome)
        crash_point(crash_points.SIGNED)
        signed = [(order, result) for order, result in pairs if isinstance(result, SignedSwap)]
        admission = Admission()
        stored = attempts.store(signed, admission)
        if len(stored) < len(signed) and not kill_switch.is_on():
            _hold_back([order for order, _ in signed if order not in stored])
        leases.release(ready)
        failures = [failed_or_retried(o, r) for o, r in pairs if isinstance(r, Failure)]
        failures += _not_admitted([order for order, _ in signed], admission)
        _sort_out(groups.record(failures), Status.BUILDING, outcome)
    outcome.onward.extend(order.pk for order in [*ready, *stored])
    return outcome


@stage_log.logged
def submit(order_ids: Collection[UUID]) -> Outcome:
    """Send each order's committed bytes; whatever the node says, the order is then submitted.

    A time-out or an error says nothing about where the bytes have got to, so no answer to a send
    ever leads back to building: settling asks the chain. While trading is off nothing is sent that
    was not sent before.
    """
    outcome = Outcome()
    if not kill_switch.is_on():
        return outcome
    orders = claim_sound(order_ids, {Status.BUILDING}, outcome)
    with leases.given_back_on_error(orders):
        by_order = attempts.open_of(orders)
        moved = send(orders, by_order)
        leases.release([order for order in orders if order.pk not in by_order])
    outcome.sent.extend(by_order[order.pk] for order in moved)
    _sort_out(moved, Status.SUBMITTED, outcome)
    return outcome


def send(orders: Sequence[Order], by_order: Mapping[UUID, Attempt]) -> list[Order]:
    """Send the committed bytes of these orders at building; those that are submitted by it."""
    crash_point(crash_points.BEFORE_SEND)
    answers = gateway.send([bytes(attempt.signed_transaction) for attempt in by_order.values()])
    sent = dict(zip(by_order, answers, strict=True))
    crash_point(crash_points.SENT)
    return groups.record(
        [_submitted(order, by_order[order.pk]) for order in orders if order.pk in by_order],
        alongside=lambda moved: attempts.note_sent((by_order[o.pk], sent[o.pk]) for o in moved),
    )


def end_expired(order_ids: Collection[UUID]) -> None:
    """End those orders whose expiry has passed and that have no transaction under way; others stay."""
    leases.release(claim_sound(order_ids, {Status.PENDING, Status.ROUTING, Status.BUILDING}, Outcome()))


@stage_log.logged
def break_off(order_ids: Collection[UUID]) -> Outcome:
    """Count a stage that ended in an unexpected error as a failure that may be retried.

    An order with an open attempt is left to the sweeper: its bytes may be on their way.
    """
    outcome = Outcome()
    orders = leases.claim(order_ids, {Status.PENDING, Status.ROUTING, Status.BUILDING})
    outcome.orders.extend(orders)
    with leases.given_back_on_error(orders):
        under_way = attempts.open_of(orders)
        leases.release([order for order in orders if order.pk in under_way])
        failure = gateway.failed(FailureReason.INTERNAL)
        steps = [failed_or_retried(order, failure) for order in orders if order.pk not in under_way]
        _sort_out(groups.record(steps), Status.BUILDING, outcome)
    return outcome


def _begin_routing(order_ids: Collection[UUID], outcome: Outcome) -> list[Order]:
    taken = first_step.take(order_ids, most=settings.DISPATCH_BATCH)
    outcome.orders.extend(taken)
    begun = {order.pk for order in taken}
    with leases.given_back_on_error(taken):
        return taken + _begin_others([order_id for order_id in order_ids if order_id not in begun], outcome)


def _begin_others(order_ids: Collection[UUID], outcome: Outcome) -> list[Order]:
    """Of orders that are no new ones, or that need a closer look, those that are to be routed."""
    # Most often others have taken them along: a claim that finds nothing would still wait to write.
    waiting = leases.still_at(order_ids, _TO_ROUTE)
    orders = claim_sound(waiting, _TO_ROUTE, outcome)
    with leases.given_back_on_error(orders):
        again = [order for order in orders if order.status == Status.ROUTING]
        fresh = [order for order in orders if order.status == Status.PENDING]
        return again + groups.record(Transition(order, Status.ROUTING, keep_lease=True) for order in fresh)


def _not_admitted(orders: Sequence[Order], admission: Admission) -> Iterator[Transition]:
    for order in orders:
        if (short := admission.short.get(order.pk)) is not None:
            yield failed_or_retried(order, short.failure, curable=short.may_pass)
        elif (capped := admission.capped.get(order.pk)) is not None:
            yield failed_or_retried(order, capped)


def _sign_within_limits(
    orders: Sequence[Order], outcome: Outcome
) -> list[tuple[Order, SignedSwap | StaleQuote | Failure]]:
    """Sign for each order, with a new quote where the old one is not to be taken any more.

    Orders that no new quote suits have left building: they are in ``outcome``, and not in the answer.
    """
    pairs = sign(orders)
    stale = [order for order, result in pairs if isinstance(result, StaleQuote)]
    if not stale:
        return pairs
    fresh = sign(_quote_again(stale, outcome))
    # An old quote again: nodes are so far apart that it is old when it comes, as if none had answered.
    again = [
        (order, gateway.failed(result.why) if isinstance(result, StaleQuote) else result)
        for order, result in fresh
    ]
    return [pair for pair in pairs if not isinstance(pair[1], StaleQuote)] + again


def sign(orders: Sequence[Order]) -> list[tuple[Order, SignedSwap | StaleQuote | Failure]]:
    """A signed transaction for each order by its route, or why there is none; nothing is written."""
    paid = costs.paid_by_order(orders)
    results = gateway.sign_swaps([_swap_to_sign(order, paid.get(order.pk, 0)) for order in orders])
    return list(zip(orders, results, strict=True))


def _quoted(orders: Sequence[Order]) -> list[Quotes | Failure]:
    avoided = [order.left_out_pools or {} for order in orders]
    boards = gateway.quote_swaps([request_of(order) for order in orders], avoided)
    return [
        funds.naming_committed(order, board) if isinstance(board, Failure) else board
        for order, board in zip(orders, boards, strict=True)
    ]


def _quote_again(orders: Sequence[Order], outcome: Outcome) -> list[Order]:
    """Those of the orders, still at building, that a quote of now suits."""
    found = list(zip(orders, _quoted(orders), strict=True))
    same = [(order, board) for order, board in found if is_unchanged(order, board)]
    for order, board in same:
        if isinstance(board, Quotes):
            order.quoted_slot = board.slot
    kept = [order for order, _ in same]
    changed = [(order, board) for order, board in found if order not in kept]
    moved = groups.record([priced(order, board, keep_lease=True) for order, board in changed])
    requoted = [order for order in moved if order.status == Status.BUILDING and not order.waits_for]
    _sort_out([order for order in moved if order not in requoted], Status.BUILDING, outcome)
    return kept + requoted


def _swap_to_sign(order: Order, fees_paid: int) -> SwapToSign:
    return SwapToSign(
        order_id=order.pk,
        attempt=order.attempt + 1,
        network=order.network,
        wallet=order.wallet,
        slippage_bps=order.slippage_bps,
        route=routes.of(order),
        max_amount_in=order.amount_in,
        floor_amount_out=max(order.min_amount_out or 1, order.floor_amount_out or 1),
        quoted_slot=order.quoted_slot or 0,
        fees_paid=fees_paid,
        bounds=routes.bounds(order),
        is_sniper=order.type == OrderType.SNIPER,
    )


def _submitted(order: Order, attempt: Attempt) -> Transition:
    changes = {
        "signature": attempt.signature,
        **settle.poller_lease(timezone.now()),
    }
    data = submitted_data(order, attempt.signature, attempt.number)
    return Transition(order, Status.SUBMITTED, changes, data)


def _hold_back(orders: Sequence[Order]) -> None:
    """Back to routing, where they wait for trading to be on: their quotes are stale by then."""
    halted = TradingHalted()
    data = ended_data(halted.code, halted.message)
    groups.record([Transition(order, Status.ROUTING, data=data) for order in orders])


def _sort_out(moved: Sequence[Order], onward: Status, outcome: Outcome) -> None:
    for order in moved:
        if order.waits_for:
            outcome.waiting.append(order)
        elif order.status == onward:
            outcome.onward.append(order.pk)
        elif order.status == Status.ROUTING:
            outcome.waiting.append(order)
        else:
            outcome.ended.append(order)
