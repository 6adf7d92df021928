"""The stages of an order on its way to the chain: route, build, submit. One function a stage.

Each takes a batch of ids, claims those that stand at its stage, and says which go on and which
wait for a retry. Every write names the lease of its claim. One order's failure never holds up
its batch. The last stage, settling, is `orders.settlement`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.types import Limits, QuoteRequest, Quotes, SignedTransaction
from orders import gateway
from orders.errors import TradingHalted
from orders.gateway import Failure, SwapToSign
from orders.lifecycle import FailureReason, Status
from orders.models import Attempt, Order
from orders.pipeline import paper, settle
from orders.pipeline.outcomes import ended, failed_or_retried
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import attempts, journal, kill_switch, leases
from orders.records.journal import Transition
from orders.telemetry import stage_log
from orders.wire.events import building_data, ended_data, submitted_data

# Claims without progress after which an order is taken to be what kills its workers.
MAX_STARTS: Final = 6


@dataclass(slots=True)
class Outcome:
    """What a stage leaves: orders for the next stage, orders that wait for a retry, and orders that ended.

    ``orders`` are those that the stage claimed and worked on.
    """

    onward: list[UUID] = field(default_factory=list)
    waiting: list[Order] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    ended: list[Order] = field(default_factory=list)

    @property
    def retry_in_seconds(self) -> int:
        """Until the last of the waiting orders is due, at least 1."""
        if not self.waiting:
            return 0
        wait = max(order.due_at for order in self.waiting) - timezone.now()
        return max(1, -(-int(wait.total_seconds() * 1000) // 1000))


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
        boards = gateway.quote_swaps([_request(order) for order in orders])
        crash_point(crash_points.QUOTED)
        found = [(order, board, _routed(order, board)) for order, board in zip(orders, boards, strict=True)]
        short = [(o, b, s) for o, b, s in found if isinstance(b, Quotes) and b.lamports_missing]
        lacking = {order.pk for order, _, _ in short}
        steps = [step for order, _, step in found if order.pk not in lacking]
        _sort_out(journal.record([*steps, *paper.relieve(short)]), Status.BUILDING, outcome)
    return outcome


@stage_log.logged
def build(order_ids: Collection[UUID]) -> Outcome:
    """Sign a transaction for each order and commit it as its open attempt; the status stays building.

    While trading is off nothing is signed: orders without an open attempt go back to routing and wait.
    """
    outcome = Outcome()
    orders = _claim_sound(order_ids, {Status.BUILDING}, outcome)
    with leases.given_back_on_error(orders):
        signed_before = attempts.open_of(orders)
        ready = [order for order in orders if order.pk in signed_before]
        to_sign = [order for order in orders if order.pk not in signed_before]
        if not kill_switch.is_on():
            _hold_back(to_sign)
            to_sign = []
        results = gateway.sign_swaps([_swap_to_sign(order) for order in to_sign])
        crash_point(crash_points.SIGNED)
        pairs = list(zip(to_sign, results, strict=True))
        stored = attempts.store([(o, r) for o, r in pairs if isinstance(r, SignedTransaction)])
        if (
            len(stored) < sum(isinstance(result, SignedTransaction) for result in results)
            and not kill_switch.is_on()
        ):
            _hold_back([o for o, r in pairs if isinstance(r, SignedTransaction) and o not in stored])
        leases.release(ready)
        failures = [failed_or_retried(o, r) for o, r in pairs if isinstance(r, Failure)]
        _sort_out(journal.record(failures), Status.BUILDING, outcome)
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
    orders = _claim_sound(order_ids, {Status.BUILDING}, outcome)
    with leases.given_back_on_error(orders):
        by_order = attempts.open_of(orders)
        crash_point(crash_points.BEFORE_SEND)
        gateway.send([bytes(attempt.signed_transaction) for attempt in by_order.values()])
        crash_point(crash_points.SENT)
        moved = journal.record(
            [_submitted(order, by_order[order.pk]) for order in orders if order.pk in by_order],
            alongside=lambda orders: attempts.note_sent(by_order[order.pk] for order in orders),
        )
        leases.release([order for order in orders if order.pk not in by_order])
    settle.watch(by_order[order.pk] for order in moved)
    _sort_out(moved, Status.SUBMITTED, outcome)
    return outcome


def end_expired(order_ids: Collection[UUID]) -> None:
    """End those orders whose expiry has passed before a transaction was signed; others stay as they are."""
    leases.release(_claim_sound(order_ids, {Status.PENDING, Status.ROUTING}, Outcome()))


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
        reason = FailureReason.INTERNAL
        failure = Failure(reason, str(reason.label))
        steps = [failed_or_retried(order, failure) for order in orders if order.pk not in under_way]
        _sort_out(journal.record(steps), Status.BUILDING, outcome)
    return outcome


def _begin_routing(order_ids: Collection[UUID], outcome: Outcome) -> list[Order]:
    wanted = leases.with_pending(order_ids, most=settings.DISPATCH_BATCH)
    orders = _claim_sound(wanted, {Status.PENDING, Status.ROUTING}, outcome)
    again = [order for order in orders if order.status == Status.ROUTING]
    fresh = [order for order in orders if order.status == Status.PENDING]
    return again + journal.record(Transition(order, Status.ROUTING, keep_lease=True) for order in fresh)


def _claim_sound(order_ids: Collection[UUID], statuses: Collection[Status], outcome: Outcome) -> list[Order]:
    """Claim, and end those that expired or broke off too often; the others are to be worked on."""
    now = timezone.now()
    sound, ending = [], []
    for order in leases.claim(order_ids, statuses):
        if order.starts > MAX_STARTS and not attempts.open_of([order]):
            ending.append(ended(order, FailureReason.TOO_MANY_STARTS))
        elif order.expired_unsigned(now):
            ending.append(Transition(order, Status.EXPIRED))
        else:
            sound.append(order)
    outcome.ended.extend(journal.record(ending))
    outcome.orders.extend(sound)
    return sound


def _request(order: Order) -> QuoteRequest:
    limits = Limits(order.slippage_bps, order.slippage_is_auto, order.max_price_impact_bps)
    token_in, token_out = Pubkey.from_string(order.token_in), Pubkey.from_string(order.token_out)
    return QuoteRequest(token_in, token_out, order.amount_in, limits=limits)


def _swap_to_sign(order: Order) -> SwapToSign:
    return SwapToSign(
        order_id=order.pk,
        attempt=order.attempt + 1,
        network=order.network,
        wallet=order.wallet,
        slippage_bps=order.slippage_bps,
        venue=order.venue,
        pool=order.pool,
        token_in=order.token_in,
        token_out=order.token_out,
        amount_in=order.amount_in,
        min_amount_out=order.min_amount_out or 1,
    )


def _routed(order: Order, board: Quotes | Failure) -> Transition:
    if isinstance(board, Failure):
        return failed_or_retried(order, board)
    best = board.quotes[0]
    changes = {
        "dex": best.dex,
        "venue": best.venue,
        "pool": str(best.pool),
        "quoted_amount_out": best.amount_out,
        "min_amount_out": best.min_amount_out,
        "slippage_bps": best.slippage_bps,
        "lp_fee": best.fee_amount,
        "lp_fee_mint": str(best.fee_mint),
    }
    return Transition(order, Status.BUILDING, changes, building_data(board))


def _submitted(order: Order, attempt: Attempt) -> Transition:
    changes = {
        "signature": attempt.signature,
        "due_at": timezone.now() + timedelta(seconds=settle.ADOPT_AFTER_SECONDS),
    }
    data = submitted_data(order, attempt.signature, attempt.number)
    return Transition(order, Status.SUBMITTED, changes, data)


def _hold_back(orders: Sequence[Order]) -> None:
    """Back to routing, where they wait for trading to be on: their quotes are stale by then."""
    halted = TradingHalted()
    data = ended_data(halted.code, halted.message)
    journal.record([Transition(order, Status.ROUTING, data=data) for order in orders])


def _sort_out(moved: Sequence[Order], onward: Status, outcome: Outcome) -> None:
    for order in moved:
        if order.status == onward:
            outcome.onward.append(order.pk)
        elif order.status == Status.ROUTING:
            outcome.waiting.append(order)
        else:
            outcome.ended.append(order)
