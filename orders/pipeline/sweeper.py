"""The sweeper: in every worker, safe to run any number of times at once.

It resumes whatever is due and nobody's, adopts submitted orders that nobody settles, follows
confirmed orders to finality, and leaves a sign of life. The same code runs at start and later:
there is no other recovery.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from dex.errors import DexError, WrongNetwork
from orders import gateway
from orders.gateway import Heard, Verdict
from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import BY_TASKS, STAGES, AttemptState, FailureReason, Status, WaitsFor
from orders.models import Attempt, Order
from orders.pipeline import automatic_halt, clock_skew, pools, settle
from orders.pipeline import stages as execution
from orders.pipeline.claims import Outcome
from orders.pipeline.dispatch import Publish
from orders.platform.lazy_thread import LazyThread
from orders.records import costs, journal, kill_switch, leases
from orders.records.journal import Transition
from orders.wire.events import withdrawn_data

logger = logging.getLogger(__name__)

HEARTBEAT_KEY: Final = "orders:worker:{name}"
_HEARTBEAT_SECONDS: Final = 15
_BATCH: Final = 64
_MOST_AT_ONCE: Final = 1024
# Give the first message a chance before a second one is sent for the same order.
_GRACE_SECONDS: Final = 5
# A confirmed block is final after 31 more, some 13 s; asking earlier is in vain.
_FINAL_AFTER_SECONDS: Final = 13


# Follows open attempts from now on; returns at once and never raises.
Watch = Callable[[Iterable[Attempt]], None]


_STAGE_OF_TASK: Final[Mapping[str, Callable[[Sequence[UUID]], Outcome]]] = {
    "orders.route_orders": execution.route,
    "orders.build_orders": execution.build,
    "orders.submit_orders": execution.submit,
}


class Sweeper:
    """Sweeps every ``SWEEP_SECONDS`` in a thread of its own until stopped."""

    def __init__(self, worker_name: str, watch: Watch, publish: Publish) -> None:
        self._worker_name = worker_name
        self.steps: Sequence[Callable[[], object]] = (
            leases.give_back_late,
            clock_skew.ClockRepair().run,
            partial(adopt_submitted, watch),
            automatic_halt.halt_if_due,
            partial(resume_due, publish, watch),
            partial(finalize, watch),
            pools.refresh_due,
        )
        self._stop = threading.Event()
        self._thread = LazyThread("sweeper", self._run)

    def start(self) -> None:
        """Begin to sweep; does nothing where it has begun."""
        self._thread.ensure()

    def stop(self) -> None:
        """Sweep no more once the sweep under way has ended."""
        self._stop.set()

    def reconcile(self) -> None:
        """One sweep before a worker takes new work, with the node's pools looked up for the first orders.

        Raises WrongNetwork when the node is of another network than the settings say, WrongToken when a
        token of TOKENS is not what they say.
        """
        try:
            gateway.require_network()
            gateway.require_tokens()
        except WrongNetwork:
            raise
        except DexError as error:
            # It is asked again before anything is signed or given up.
            logger.warning("the node's network and tokens are not known yet: %s", error.code)
        _guarded(gateway.warm_up)
        self.sweep()

    def sweep(self) -> None:
        """Run every step once; one that breaks off keeps no other from being run."""
        for step in self.steps:
            _guarded(step)

    def _run(self) -> None:
        while not self._stop.is_set():
            _guarded(partial(_show_life, self._worker_name))
            self.sweep()
            self._stop.wait(settings.SWEEP_SECONDS)


def _guarded(step: Callable[[], object]) -> None:
    """Run a step; one part that is down must not keep the other steps from being done."""
    try:
        step()
    except DatabaseError as error:
        logger.warning("sweep broke off: %s", type(error).__name__)
        database.close()
    except (DexError, OperationalError, redis.RedisError, OSError) as error:
        logger.warning("sweep broke off: %s", type(error).__name__)
    except Exception:
        logger.exception("sweep broke off")


def resume_due(publish: Publish, watch: Watch) -> int:
    """Set every due order that no worker holds on its way again; how many there were.

    A broker that takes no messages is no reason to wait: the stages then run in this thread.
    While trading is off orders wait, but those that expire meanwhile end.
    """
    now = timezone.now()
    if not kill_switch.is_on():
        late = leases.ours().filter(IS_ACTIVE, status__in=BY_TASKS, expires_at__lte=now)
        execution.end_expired(list(late.values_list("pk", flat=True)[:_MOST_AT_ONCE]))
        return 0
    before, after = now - timedelta(seconds=_GRACE_SECONDS), now + timedelta(seconds=_GRACE_SECONDS)
    here = partial(run_stages, watch)
    set_on_way = publish
    resumed = 0
    for status in BY_TASKS:
        # A sweep that lies ahead was of a clock that has been set back since.
        not_just_swept = Q(swept_at__isnull=True) | Q(swept_at__lte=before) | Q(swept_at__gt=after)
        due = leases.ours().filter(
            IS_ACTIVE, leases.is_free(now), not_just_swept, status=status, due_at__lte=before
        )
        starts = dict(due.order_by("due_at").values_list("pk", "starts")[:_MOST_AT_ONCE])
        # Others sweep too: these get their grace again before a second message is sent for them.
        Order.objects.filter(pk__in=list(starts)).update(swept_at=now)
        for batch in _batches(starts):
            try:
                set_on_way(status, batch)
            except (OperationalError, OSError) as error:
                logger.warning("broker takes no messages (%s): stages run here", type(error).__name__)
                set_on_way = here
                here(status, batch)
        resumed += len(starts)
    return resumed


def _batches(starts: Mapping[UUID, int]) -> Iterator[list[UUID]]:
    """Orders in batches; those on which work has broken off before go alone, and take no other along."""
    yield from ([order_id] for order_id, count in starts.items() if count >= leases.STARTS_TOGETHER)
    together = [order_id for order_id, count in starts.items() if count < leases.STARTS_TOGETHER]
    for start_at in range(0, len(together), _BATCH):
        yield together[start_at : start_at + _BATCH]


def run_stages(watch: Watch, status: Status, order_ids: Sequence[UUID]) -> None:
    """Take orders at ``status`` through the remaining stages in this thread."""
    ids: Sequence[UUID] = order_ids
    for name in STAGES[status].tasks:
        outcome = _STAGE_OF_TASK[name](ids)
        watch(outcome.sent)
        for order in outcome.apart:
            run_stages(watch, Status(order.status), [order.pk])
        ids = outcome.onward


def adopt_submitted(watch: Watch) -> int:
    """Watch submitted orders whose poller is gone or late; how many there were."""
    now = timezone.now()
    free = leases.ours().filter(IS_ACTIVE, leases.is_free(now), status=Status.SUBMITTED)
    due = free.exclude(waits_for=WaitsFor.SET_APART).order_by("due_at")
    order_ids = list(due.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    if not order_ids:
        return 0
    # Who comes second finds none of them free: one poller each.
    held = settle.poller_lease(now)
    Order.objects.filter(leases.is_free(now), pk__in=order_ids, status=Status.SUBMITTED).update(**held)
    adopted = Order.objects.filter(lease_token=held["lease_token"]).values_list("pk", flat=True)
    attempts = list(Attempt.objects.filter(order__in=list(adopted), state=AttemptState.OPEN))
    watch(attempts)
    return len(attempts)


def finalize(watch: Watch) -> int:
    """Mark confirmed orders whose block is final, take back those whose block is gone; how many are final."""
    since = timezone.now() - timedelta(seconds=_FINAL_AFTER_SECONDS)
    waiting = list(
        leases.ours()
        .filter(status=Status.CONFIRMED, finalized_at__isnull=True, confirmed_at__lte=since)
        .order_by("confirmed_at")[:_MOST_AT_ONCE]
    )
    heard = gateway.hear_of_landed([(order.signature, order.slot or 0) for order in waiting])
    pairs = list(zip(waiting, heard, strict=True))
    final = [order.pk for order, one in pairs if _is_final(order, one)]
    Order.objects.filter(pk__in=final).update(finalized_at=timezone.now())
    take_back([order for order, one in pairs if _is_gone(order, one)], watch)
    return len(final)


def _is_final(order: Order, heard: Heard) -> bool:
    # What nodes have pruned from their ledgers was final long before: no fork is as old.
    forgotten = heard.verdict is Verdict.FORGOTTEN
    return forgotten or (heard.verdict is Verdict.FINALIZED and heard.slot == order.slot)


def take_back(orders: Sequence[Order], watch: Watch) -> None:
    """Confirmed orders whose fork was dropped wait for their chain again: same bytes, same attempt."""
    if not orders:
        return
    moved = journal.record([_taken_back(order) for order in orders], alongside=_reopen_attempts)
    watch(list(Attempt.objects.filter(signature__in=[order.signature for order in moved])))


def _reopen_attempts(orders: Sequence[Order]) -> None:
    attempts = Attempt.objects.filter(signature__in=[order.signature for order in orders])
    attempts.update(state=AttemptState.OPEN, slot=None, **dict.fromkeys(costs.COLUMNS))


def _taken_back(order: Order) -> Transition:
    reason = FailureReason.FORK_DROPPED
    changes = {
        "executed_amount_in": None,
        "executed_amount_out": None,
        "network_fee": None,
        "priority_fee": None,
        "slot": None,
        "confirmed_at": None,
        **settle.poller_lease(timezone.now()),
    }
    data = withdrawn_data(order.signature, reason.value, str(reason.label))
    return Transition(order, Status.SUBMITTED, changes, data)


def _is_gone(order: Order, heard: Heard) -> bool:
    """Whether the block that the order was confirmed in is not part of the chain any more."""
    if heard.verdict is Verdict.UNSEEN:
        return True
    # In another block the same transaction may have failed, or moved other amounts.
    return heard.verdict is Verdict.FAILED or heard.slot != order.slot


def oldest_due_seconds(now: datetime | None = None) -> int:
    """For how long the oldest due order has waited; 0 when none waits."""
    now = now or timezone.now()
    oldest = (
        Order.objects.filter(IS_ACTIVE, leases.is_free(now), status__in=BY_TASKS, due_at__lte=now)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return int((now - oldest).total_seconds()) if oldest else 0


def _show_life(name: str) -> None:
    with redis.Redis.from_url(
        str(settings.CACHES["default"]["LOCATION"]),
        socket_timeout=1,
        socket_connect_timeout=1,
    ) as client:
        client.set(HEARTBEAT_KEY.format(name=name), "alive", ex=_HEARTBEAT_SECONDS)
