"""The Celery application of the worker fleet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderengine.settings")

app = Celery("orderengine")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes Django's connection before and after every task unless told how often to keep it.
app.conf.CELERY_DB_REUSE_MAX = 10_000_000
app.autodiscover_tasks()


@worker_ready.connect
def announce_readiness(**_: Any) -> None:
    """Touch the file that the supervisor waits for."""
    ready_file = os.environ.get("WORKER_READY_FILE")
    if ready_file:
        Path(ready_file).touch()
