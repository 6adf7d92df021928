"""What Prometheus is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders.lifecycle import Status
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def test_metrics_tell_of_orders_under_work(user: User, client: Client) -> None:
    order_row(user, due_at=timezone.now() - timedelta(seconds=30))
    attempt_row(order_row(user, status=Status.SUBMITTED))
    order_row(user, status=Status.CONFIRMED)
    order_row(user, status=Status.FAILED)
    answer = client.get("/metrics")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/plain")
    assert {
        'orders_active{status="pending"} 1.0',
        'orders_active{status="submitted"} 1.0',
        'orders_active{status="building"} 0.0',
        "orders_attempts_open 1.0",
        "orders_unfinalized 1.0",
    } <= set(lines)
    (oldest,) = [line for line in lines if line.startswith("orders_oldest_due_seconds ")]
    assert oldest in {"orders_oldest_due_seconds 30.0", "orders_oldest_due_seconds 31.0"}


def test_metrics_are_read_only(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
