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
from typing import Final, Protocol
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
from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import BY_TASKS, STAGES, Status, WaitsFor
from orders.models import Attempt, Order
from orders.pipeline import automatic_halt, clock_skew, followed, pool_use, pools
from orders.pipeline import stages as execution
from orders.pipeline.claims import Outcome
from orders.pipeline.dispatch import Publish
from orders.pipeline.fleet import Undertaker
from orders.pipeline.followed import Watch
from orders.pipeline.stage_limit import LOOP_SECONDS, StageLimit
from orders.platform.lazy_thread import LazyThread
from orders.records import kill_switch, leases

logger = logging.getLogger(__name__)

HEARTBEAT_KEY: Final = "orders:worker:{name}"
_HEARTBEAT_SECONDS: Final = 15
_BATCH: Final = 64
_MOST_AT_ONCE: Final = 1024
# Give the first message a chance before a second one is sent for the same order.
_GRACE_SECONDS: Final = 5
_RETRY_GRACE_SECONDS: Final = 1

_STAGE_OF_TASK: Final[Mapping[str, Callable[[Sequence[UUID]], Outcome]]] = {
    "orders.route_orders": execution.route,
    "orders.build_orders": execution.build,
    "orders.submit_orders": execution.submit,
}


class Follower(Protocol):
    """Who follows open attempts from now on; both return at once and never raise."""

    def watch(self, attempts: Iterable[Attempt]) -> None:
        """Follow what was sent just now."""

    def adopt(self, attempts: Iterable[Attempt]) -> None:
        """Follow what nobody follows any more."""


class Sweeper:
    """Sweeps every ``SWEEP_SECONDS`` in a thread of its own until stopped."""

    def __init__(
        self, worker_name: str, poller: Follower, publish: Publish, limit: StageLimit | None = None
    ) -> None:
        self._worker_name = worker_name
        self._limit = limit or StageLimit()
        self._way = OnTheirWay(publish, poller.watch, self._limit.renew)
        self.steps: Sequence[Callable[[], object]] = (
            leases.give_back_late,
            clock_skew.ClockRepair().run,
            partial(resume_freed, self._way, Undertaker()),
            partial(followed.adopt_submitted, poller.adopt),
            automatic_halt.halt_if_due,
            partial(resume_due, self._way),
            partial(followed.finalize, poller.watch),
            pools.refresh_due,
            pool_use.write_due,
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
        _guarded(partial(resume_due, self._way, at_start=True))

    def sweep(self) -> None:
        """Run every step once; one that breaks off keeps no other from being run."""
        for step in self.steps:
            with self._limit.running("a sweep", LOOP_SECONDS):
                _guarded(step)

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._limit.running("a sign of life"):
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


def resume_due(way: OnTheirWay, *, at_start: bool = False) -> int:
    """Set every due order that no worker holds on its way again; how many there were.

    A broker that takes no messages is no reason to wait: the stages then run in this thread.
    While trading is off orders wait, but those that expire meanwhile end. ``at_start`` nothing that was
    sent before is trusted to come.
    """
    now = timezone.now()
    if not kill_switch.is_on():
        late = leases.ours().filter(IS_ACTIVE, status__in=BY_TASKS, expires_at__lte=now)
        execution.end_expired(list(late.values_list("pk", flat=True)[:_MOST_AT_ONCE]))
        return 0
    resumed = 0
    for status in BY_TASKS:
        free = leases.ours().filter(IS_ACTIVE, leases.is_free(now), status=status)
        due = free.filter(due_at__lte=now) if at_start else free.filter(_overdue(now))
        starts = dict(due.order_by("due_at").values_list("pk", "starts")[:_MOST_AT_ONCE])
        way.resume(status, starts)
        resumed += len(starts)
    return resumed


def resume_freed(way: OnTheirWay, undertaker: Undertaker) -> int:
    """Set on their way what workers held that have died, at once; how many there were."""
    freed = [order for order in undertaker.free() if Status(order.status) in BY_TASKS]
    if freed and kill_switch.is_on():
        for status in BY_TASKS:
            way.resume(status, {order.pk: order.starts for order in freed if order.status == status})
    return len(freed)


def _overdue(now: datetime) -> Q:
    """Due for so long that the first message must be lost, and not swept just now."""
    before, after = now - timedelta(seconds=_GRACE_SECONDS), now + timedelta(seconds=_GRACE_SECONDS)
    # What waits for its next try is published at that very moment, and not behind others.
    soon = ~Q(waits_for=WaitsFor.WORKER) & Q(due_at__lte=now - timedelta(seconds=_RETRY_GRACE_SECONDS))
    # A sweep that lies ahead was of a clock that has been set back since.
    not_just_swept = Q(swept_at__isnull=True) | Q(swept_at__lte=before) | Q(swept_at__gt=after)
    return Q(due_at__lte=now) & (Q(due_at__lte=before) | soon) & not_just_swept


class OnTheirWay:
    """Hands orders to the broker, or runs their stages in this thread while it takes no messages."""

    def __init__(self, publish: Publish, watch: Watch, gets_on: Callable[[], None] = lambda: None) -> None:
        self._publish = publish
        self._watch = watch
        self._gets_on = gets_on

    def resume(self, status: Status, starts: Mapping[UUID, int]) -> None:
        """Set orders at ``status`` on their way; ``starts`` says how often work on each has broken off."""
        if not starts:
            return
        # Others sweep too: these get their grace again before a second message is sent for them.
        Order.objects.filter(pk__in=list(starts)).update(swept_at=timezone.now())
        set_on_way: Publish = self._publish
        for batch in _batches(starts):
            try:
                set_on_way(status, batch)
            except (OperationalError, OSError) as error:
                logger.warning("broker takes no messages (%s): stages run here", type(error).__name__)
                set_on_way = partial(run_stages, self._watch)
                set_on_way(status, batch)
            self._gets_on()


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


def oldest_due_seconds(now: datetime | None = None) -> int:
    """For how long the oldest due order of this network has waited; 0 when none waits."""
    now = now or timezone.now()
    oldest = (
        leases.ours()
        .filter(IS_ACTIVE, leases.is_free(now), status__in=BY_TASKS, due_at__lte=now)
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
