"""Settling: what the chain says of submitted orders, a batch at a time.

Only a status ends an attempt: confirmed, failed in a block, or proven unable to land. Until then
the committed bytes are sent again, and only those.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.gateway import DeadCheck, Failure, SentSwap, Verdict
from orders.lifecycle import AttemptState, FailureReason, Status
from orders.models import Attempt, Order
from orders.pipeline import groups, pool_faults, pool_use
from orders.pipeline.outcomes import confirmed, failed_or_retried
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import attempts, costs, leases, routes, sql
from orders.records.transition import Transition
from orders.telemetry import stage_log
from orders.wallets import caps

logger = logging.getLogger(__name__)

# A submitted order that its poller has not settled by then is adopted by anyone who sweeps first.
ADOPT_AFTER_SECONDS: Final = 15
_DEAD_CHECK_SECONDS: Final = 2
# Well before others adopt what this poller follows.
_HOLD_SECONDS: Final = 5

# Brings orders that wait for a retry back when they are due; returns at once and never raises.
Retry = Callable[[Sequence[Order]], None]


@dataclass(slots=True)
class Watched:
    """An open attempt of a submitted order. The three clocks are monotonic seconds."""

    attempt: Attempt
    dead_check: DeadCheck
    resend_at: float
    check_at: float
    hold_at: float = field(default_factory=lambda: time.monotonic() + _HOLD_SECONDS)


def watched_from_now(attempt: Attempt) -> Watched:
    """To be sent again, and to be proven dead, each after its first interval."""
    now = time.monotonic()
    check = gateway.dead_check(attempt.last_valid_block_height)
    return Watched(attempt, check, now + settings.REBROADCAST_SECONDS, now + _DEAD_CHECK_SECONDS)


def poller_lease(now: datetime) -> dict[str, Any]:
    """Columns of a submitted order that a poller follows from ``now`` on."""
    until = now + timedelta(seconds=ADOPT_AFTER_SECONDS)
    return {"lease_token": leases.new_token(), "lease_until": until}


def leave_to_the_sweeper(orders: Sequence[Order]) -> None:
    """Bring back nothing: a sweep finds the orders when they are due."""


def settle(batch: Sequence[Watched], retry: Retry = leave_to_the_sweeper) -> set[str]:
    """Look once at each attempt, act on what the chain says; the signatures that are done with.

    ``retry`` is given the orders that go back to routing. Raises DexError when the node cannot be asked;
    nothing is decided then.
    """
    alone = batch[0].attempt.order_id if len(batch) == 1 else None
    with stage_log.begun("settle", alone=alone):
        return _settle(batch, retry)


def _settle(batch: Sequence[Watched], retry: Retry) -> set[str]:
    done, unseen = _follow_verdicts(batch, retry)
    done |= _give_up_dead(unseen, retry)
    # Recent statuses go back some two minutes: what landed before that is in the history alone.
    landed_long_ago = [watched for watched in unseen if gateway.has_landed(watched.dead_check)]
    done |= _follow_verdicts(landed_long_ago, retry, in_history=True)[0]
    waiting = [w for w in unseen if w.attempt.signature not in done]
    _hold(waiting)
    _send_again(waiting)
    return done


def _follow_verdicts(
    batch: Sequence[Watched], retry: Retry, in_history: bool = False
) -> tuple[set[str], list[Watched]]:
    """Confirm and fail what has landed; the signatures that are done with, and those that were not seen."""
    reported = gateway.signature_statuses(
        [watched.attempt.signature for watched in batch], search_history=in_history
    )
    by_verdict: dict[Verdict, list[Watched]] = {verdict: [] for verdict in Verdict}
    for watched, one in zip(batch, reported, strict=True):
        by_verdict[one.verdict].append(watched)
    done = _confirm(by_verdict[Verdict.CONFIRMED] + by_verdict[Verdict.FINALIZED])
    return done | _fail(by_verdict[Verdict.FAILED], retry), by_verdict[Verdict.UNSEEN]


def settle_or_leave(batch: Sequence[Watched], retry: Retry) -> set[str]:
    """`settle`, whatever goes wrong: those of one that breaks off are looked at one by one."""
    try:
        return settle(batch, retry)
    except DexError as error:
        logger.warning("%d orders not settled now: %s", len(batch), error.code)
        return set()
    except DatabaseError as error:
        logger.warning("%d orders not settled now: %s", len(batch), type(error).__name__)
        database.close()
        return set()
    except Exception:
        logger.exception("settling broke off for %d orders", len(batch))
    if len(batch) == 1:
        # Let go of it: anyone who sweeps adopts it again after a while.
        return {batch[0].attempt.signature}
    return {signature for one in batch for signature in settle_or_leave([one], retry)}


def _confirm(watched: Sequence[Watched]) -> set[str]:
    orders = _submitted_orders(watched)
    pairs = [(orders[w.attempt.order_id], w) for w in watched if w.attempt.order_id in orders]
    executed = gateway.executed_swaps([_sent_swap(order, w.attempt) for order, w in pairs])
    steps, landed = [], []
    for (order, one), moved in zip(pairs, executed, strict=True):
        if moved is not None:
            one.attempt.slot = moved.slot
            costs.note(one.attempt, moved.cost)
            steps.append(confirmed(order, moved))
            landed.append(one)
    if steps:
        crash_point(crash_points.SETTLING)
    pool_use.note(_record_endings(steps, landed, AttemptState.LANDED))
    gone = {w.attempt.signature for w in watched if w.attempt.order_id not in orders}
    return gone | {w.attempt.signature for w in landed}


def _fail(watched: Sequence[Watched], retry: Retry) -> set[str]:
    orders = _submitted_orders(watched)
    pairs = [(orders[w.attempt.order_id], w) for w in watched if w.attempt.order_id in orders]
    found = gateway.on_chain_failures([_sent_swap(order, w.attempt) for order, w in pairs])
    steps, failed, by_pools = [], [], []
    for (order, one), why in zip(pairs, found, strict=True):
        if why is not None:
            one.attempt.slot, one.attempt.error_code = why.slot, why.error_name[:64]
            costs.note(one.attempt, why.cost)
            steps.append(after_failure(order, why.failure))
            failed.append(one)
            if pool_faults.is_pools_own(why.failure):
                by_pools.append((order, why.failure))
    moved = _record_endings(steps, failed, AttemptState.FAILED_ONCHAIN)
    pool_faults.note((order, failure) for order, failure in by_pools if order in moved)
    _bring_back(moved, retry)
    gone = {w.attempt.signature for w in watched if w.attempt.order_id not in orders}
    return gone | {w.attempt.signature for w in failed}


def after_failure(order: Order, failure: Failure) -> Transition:
    """Another try, by other pools where the fault was the pool's; or the end."""
    if not pool_faults.is_pools_own(failure):
        # The price ran past what the transaction could reach: a new quote says whether there is a way.
        ran_out = failure.reason is FailureReason.INSUFFICIENT_LIQUIDITY
        return failed_or_retried(order, failure, curable=ran_out)
    step = failed_or_retried(order, failure, curable=True)
    return replace(step, changes=step.changes | pool_faults.left_out(order, failure))


def _give_up_dead(watched: Sequence[Watched], retry: Retry) -> set[str]:
    now = time.monotonic()
    due = [w for w in watched if w.check_at <= now]
    checks = gateway.prove_dead([(w.attempt.signature, w.dead_check) for w in due])
    for one, check in zip(due, checks, strict=True):
        one.dead_check, one.check_at = check, now + _DEAD_CHECK_SECONDS
    dead = [w for w in due if gateway.is_dead(w.dead_check)]
    orders = _submitted_orders(dead)
    for one in dead:
        costs.note(one.attempt, costs.NOTHING)
    reason = FailureReason.TRANSACTION_EXPIRED
    steps = [failed_or_retried(order, Failure(reason, str(reason.label))) for order in orders.values()]
    _bring_back(_record_endings(steps, dead, AttemptState.EXPIRED), retry)
    return {w.attempt.signature for w in dead}


def _hold(watched: Sequence[Watched]) -> None:
    """Keep other workers from asking for the same signatures while this one learns of them."""
    now = time.monotonic()
    due = [w for w in watched if w.hold_at <= now]
    if not due:
        return
    held = Order.objects.filter(pk__in=[w.attempt.order_id for w in due], status=Status.SUBMITTED)
    held.update(lease_until=timezone.now() + timedelta(seconds=ADOPT_AFTER_SECONDS))
    for one in due:
        one.hold_at = now + _HOLD_SECONDS


def _send_again(watched: Sequence[Watched]) -> None:
    now = time.monotonic()
    due = [w for w in watched if w.resend_at <= now]
    if not due:
        return
    sent = gateway.send([bytes(w.attempt.signed_transaction) for w in due])
    for one in due:
        one.resend_at = now + settings.REBROADCAST_SECONDS
    attempts.note_sent(zip((one.attempt for one in due), sent, strict=True))


def _submitted_orders(watched: Sequence[Watched]) -> dict[Any, Order]:
    """The orders that still wait for exactly these signatures."""
    return attempts.waiting_for([w.attempt for w in watched])


def _record_endings(
    steps: Sequence[Transition], watched: Sequence[Watched], state: AttemptState
) -> list[Order]:
    """End attempts and move their orders in one transaction; an order that moved meanwhile stays as it is."""
    by_order = {one.attempt.order_id: one.attempt for one in watched}

    def end_attempts(moved: list[Order]) -> None:
        ending = [by_order[order.pk] for order in moved]
        changed = ("state", "slot", "error_code", *costs.COLUMNS)
        statement = sql.update(Attempt, changed, ("id", "state"), ())
        open_state = AttemptState.OPEN.value
        with database.cursor() as cursor:
            cursor.executemany(
                statement,
                [[state.value, a.slot, a.error_code, *costs.values(a), a.pk, open_state] for a in ending],
            )
        if state is not AttemptState.LANDED:
            caps.take_off((order, by_order[order.pk]) for order in moved)

    moved = groups.record(steps, alongside=end_attempts)
    stage_log.came_to(state.value, moved)
    return moved


def _sent_swap(order: Order, attempt: Attempt) -> SentSwap:
    return SentSwap(attempt.signature, routes.venues(order, attempt.venue), order.token_in, order.token_out)


def _bring_back(moved: Sequence[Order], retry: Retry) -> None:
    waiting = [order for order in moved if order.status == Status.ROUTING]
    if waiting:
        retry(waiting)
