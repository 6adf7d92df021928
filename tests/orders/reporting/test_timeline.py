"""The moments of one order and what lies between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from orders.reporting.timeline import timeline
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db
START = timezone.now()


def after(milliseconds: float) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def lived(user: User) -> Order:
    """An order that was tried twice and confirmed, with what its stages left."""
    order = order_row(user, status=Status.CONFIRMED, created_at=START, updated_at=START)
    OrderEvent.objects.filter(order=order).update(at=START, status=Status.PENDING)
    steps = [
        (2, Status.ROUTING, 4.25, {}),
        (3, Status.BUILDING, 12.5, {"venue": "raydium-cpmm", "quotes": [{}, {}]}),
        (4, Status.ROUTING, 20, {"code": "CHAIN_UNAVAILABLE", "retryInMs": 1000}),
        (5, Status.BUILDING, 1030, {"venue": "orca-whirlpool", "quotes": []}),
        (6, Status.SUBMITTED, 1045, {}),
        (7, Status.CONFIRMED, 1400, {"slot": 9}),
    ]
    for sequence, status, at, data in steps:
        OrderEvent.objects.create(order=order, sequence=sequence, status=status, at=after(at), data=data)
    attempt_row(order, created_at=after(1037), sends=2, last_sent_at=after(1300), venue="orca-whirlpool")
    return order


def steps_of(order: Order) -> list[tuple[str, int, int]]:
    found = timeline(order, list(order.events.all()), list(order.attempts.all()))
    return [(step.moment.name, step.since_accepted, step.since_before) for step in found]


def test_each_moment_says_how_long_it_took(user: User) -> None:
    assert steps_of(lived(user)) == [
        ("accepted", 0, 0),
        ("routing", 4_250, 4_250),
        ("building", 12_500, 8_250),
        ("routing", 20_000, 7_500),
        ("building", 1_030_000, 1_010_000),
        ("signed", 1_037_000, 7_000),
        ("submitted", 1_045_000, 8_000),
        ("sent again", 1_300_000, 255_000),
        ("confirmed", 1_400_000, 100_000),
    ]


def test_the_command_prints_a_line_a_moment(user: User) -> None:
    order = lived(user)
    printed = StringIO()
    call_command("trace_order", str(order.pk), stdout=printed)
    head, _, *lines = printed.getvalue().splitlines()
    assert head == f"order {order.pk}, confirmed; trace {order.pk.hex}"
    assert lines[1].split() == ["4.2", "4.2", "routing", "commit,", "broker,", "a", "free", "worker"]
    assert lines[3].endswith("the wait before another try" + " " * 32 + "CHAIN_UNAVAILABLE")
    assert lines[-1].endswith("slot 9")
    assert len(lines) == 9


def test_an_order_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="no such order"):
        call_command("trace_order", str(uuid4()))
