"""A worker's thread whose database connection broke works again with its next task."""

from __future__ import annotations

import pytest
from celery.signals import task_prerun
from django.db import Error, connection

from orders.models import Order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that goes away"),
]


def test_a_broken_connection_is_renewed_before_the_next_task() -> None:
    assert Order.objects.count() == 0
    connection.connection.close()
    with pytest.raises(Error):
        Order.objects.count()
    with pytest.raises(Error):
        Order.objects.count()
    task_prerun.send(sender=None)
    assert Order.objects.count() == 0


def test_a_sound_connection_is_kept() -> None:
    assert Order.objects.count() == 0
    before = connection.connection
    task_prerun.send(sender=None)
    assert connection.connection is before
