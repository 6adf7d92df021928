"""The Celery shells of the stages, chained route, build, submit.

The row decides what happens; a message only says "look at these". So a lost, doubled or late
message is harmless. Celery repeats a message only where the database broke a stage off: an order that
waits for a retry is published by the dispatcher when it is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from celery.signals import task_prerun, worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection

from dex.errors import WrongNetwork
from orders import checks, gateway, process
from orders.pipeline import stages
from orders.pipeline.claims import Outcome
from orders.platform import collector, transaction_limit
from orders.platform.database_trouble import is_database_trouble
from orders.telemetry import metrics_processes, starting

logger = logging.getLogger(__name__)

Stage = Callable[[Collection[UUID]], Outcome]


RETRY: dict[str, Any] = {
    "autoretry_for": (DatabaseError,),
    "retry_backoff": 1,
    "retry_jitter": False,
    "max_retries": 3,
}


@shared_task(name="orders.route_orders", bind=True, **RETRY)
def route_orders(self: Task[Any, Any], order_ids: list[str]) -> list[str]:
    """Quote and choose a pool for each order; after purchases that cannot wait, unless it is urgent too."""
    if (self.request.delivery_info or {}).get("routing_key") != settings.URGENT_QUEUE:
        process.current().right_of_way.give()
    onward = _onward(self, _run(stages.route, _ids(order_ids)))
    _build_here(self)
    return onward


@shared_task(name="orders.build_orders", bind=True, **RETRY)
def build_orders(self: Task[Any, Any], order_ids: list[str]) -> list[str]:
    """Sign and commit a transaction for each order."""
    return _onward(self, _run(stages.build, _ids(order_ids)))


@shared_task(name="orders.submit_orders", bind=True, **RETRY)
def submit_orders(self: Task[Any, Any], order_ids: list[str]) -> list[str]:
    """Send each order's committed bytes."""
    return _onward(self, _run(stages.submit, _ids(order_ids)))


def _ids(texts: Collection[str]) -> list[UUID]:
    return [UUID(text) for text in texts]


def _run(stage: Stage, order_ids: Sequence[UUID]) -> Outcome:
    try:
        with process.current().stage_limit.running(stage.__name__):
            return stage(order_ids)
    except Exception as error:
        if is_database_trouble(error):
            raise
        named = {"orders": [str(order_id) for order_id in order_ids], "stage": stage.__name__}
        logger.exception("%s broke off for %d orders", stage.__name__, len(order_ids), extra=named)
    if len(order_ids) <= 1:
        return stages.break_off(order_ids)
    # One order's fault must not be its batch's: each has the stage for itself.
    outcomes = [_run(stage, [order_id]) for order_id in order_ids]
    return Outcome(
        onward=[order_id for outcome in outcomes for order_id in outcome.onward],
        waiting=[order for outcome in outcomes for order in outcome.waiting],
        sent=[attempt for outcome in outcomes for attempt in outcome.sent],
        apart=[order for outcome in outcomes for order in outcome.apart],
    )


def _onward(task: Task[Any, Any], outcome: Outcome) -> list[str]:
    # Those that wait leave the batch, each until its own moment; the rest goes on at once.
    running = process.current()
    running.dispatcher.at_due_time(outcome.waiting)
    running.dispatcher.alone(outcome.apart)
    running.poller.watch(outcome.sent)
    if not outcome.onward:
        # Nothing for the next link. Ignore would say so too, but costs a traceback.
        task.request.chain = None
    return [str(order_id) for order_id in outcome.onward]


def _build_here(task: Task[Any, Any]) -> None:
    """Have this worker take the next link: it holds the accounts by which the orders were quoted."""
    own = settings.OWN_BUILD_QUEUE.format(worker=task.request.hostname)
    links: Any = task.request.chain
    if links and own in task.app.amqp.queues.consume_from:
        links[-1]["options"]["queue"] = own


@task_prerun.connect
def renew_broken_connection(**_: Any) -> None:
    """A thread keeps its connection from task to task; one that an error has broken is given up first."""
    connection.close_if_unusable_or_obsolete()


@worker_init.connect
def refuse_bad_settings(**_: Any) -> None:
    """Before this worker takes anything up."""
    checks.refuse_config_errors("this worker")


@worker_init.connect
def bound_transactions(**_: Any) -> None:
    """Bound transactions, so that a frozen worker releases its locks."""
    transaction_limit.install()


@worker_init.connect
def refuse_a_foreign_key(**_: Any) -> None:
    """A worker that cannot sign for the wallet would only use up the orders' retries: it does not start."""
    reason = gateway.unfit_to_sign()
    if reason is not None:
        # Celery logs the exceptions of such a hook and goes on; this is none.
        raise SystemExit(f"this worker cannot sign for the wallet: {reason}")


@worker_init.connect
def start_traces(**_: Any) -> None:
    """Give traces if the settings ask for them; raises SystemExit when they cannot be given."""
    try:
        starting.start("order-engine-worker")
    except ImproperlyConfigured as error:
        raise SystemExit(f"this worker does not start: {error}") from error


@worker_init.connect
def reconcile(sender: Any = None, **_: Any) -> None:
    """Look at what earlier processes left behind, before this one takes new work.

    Raises SystemExit for a node of another network, or with other tokens than the settings say.
    """
    running = process.Process(worker_name=str(getattr(sender, "hostname", "worker")))
    running.start()
    running.stage_limit.start()
    running.heartbeat.start()
    try:
        running.sweeper.reconcile()
    except (WrongNetwork, gateway.WrongToken) as error:
        running.stop()
        raise SystemExit(f"this worker does not start: {error}") from error


@worker_ready.connect
def start_recovery(**_: Any) -> None:
    """Every worker sweeps: any number of sweepers is safe, none is needed twice."""
    metrics_processes.serve_from_worker()
    process.current().sweeper.start()
    process.current().watcher.start()
    process.current().price_history.start()
    process.current().counting.start()
    process.current().launches.start()
    process.current().snipers.start()
    collector.look_seldom()


@worker_shutting_down.connect
def stop_recovery(**_: Any) -> None:
    """Take up nothing new while the running tasks end."""
    process.current().sweeper.stop()
