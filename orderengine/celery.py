"""The Celery application of the worker fleet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_ready
from django.conf import settings

from orderengine import broker, pulse, redis_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderengine.settings")

redis_transport.install()
app = Celery("orderengine")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes Django's connection before and after every task unless told how often to keep it.
app.conf.CELERY_DB_REUSE_MAX = 10_000_000
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Being asked here is all that Celery needs to leave Django's logging as it is."""


@celeryd_init.connect
def keep_files_private(**_: Any) -> None:
    """Whatever a worker makes is for its user only, also where no supervisor has started it."""
    os.umask(0o077)


@celeryd_init.connect
def take_own_builds(sender: str = "", **_: Any) -> None:
    """Give the worker a queue of its own; where -Q names its queues, it takes from those alone."""
    queues = app.amqp.queues
    # The order of the queues is that in which a worker takes from them.
    queues.clear()
    for queue in broker.queues_of(sender):
        queues.add(queue)


@celeryd_init.connect
def leave_out_the_banner(instance: Any = None, **_: Any) -> None:
    """Where the log is for machines, its lines are all there is."""
    if settings.LOG_FORMAT == "json":
        instance.quiet = True


@worker_ready.connect
def announce_readiness(**_: Any) -> None:
    """Show the supervisor that this worker lives, and touch the file that it waits for."""
    pulse.start()
    ready_file = os.environ.get("WORKER_READY_FILE")
    if ready_file:
        Path(ready_file).touch()
