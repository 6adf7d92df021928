"""`manage.py trace_order ID`: what each millisecond of one order was spent on."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import Attempt, Order, OrderEvent
from orders.reporting.timeline import Step, timeline

_HEAD: Final = f"{'ms':>10} {'after ms':>10}  {'':<11} {'what the time went to':<58} details"


class Command(BaseCommand):
    """Reads rows alone, so it is started with the engine's DATA_DIR or DATABASE_URL."""

    help = "The moments of one order, the time between them, and what it was spent on."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """`ID`."""
        parser.add_argument("order_id", type=UUID, metavar="ID", help="the order's id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for an order that is not there."""
        order = Order.objects.filter(pk=options["order_id"]).first()
        if order is None:
            raise CommandError("there is no such order in this database: set DATA_DIR or DATABASE_URL")
        events = list(OrderEvent.objects.filter(order=order).order_by("sequence"))
        attempts = list(Attempt.objects.filter(order=order).order_by("number"))
        self.stdout.write(f"order {order.pk}, {order.status}; trace {order.pk.hex}")
        self.stdout.write(_HEAD)
        for step in timeline(order, events, attempts):
            self.stdout.write(_line(step))


def _line(step: Step) -> str:
    moment = step.moment
    times = f"{_milliseconds(step.since_accepted):>10} {_milliseconds(step.since_before):>10}"
    return f"{times}  {moment.name:<11} {moment.spent:<58} {moment.detail}".rstrip()


def _milliseconds(microseconds: int) -> str:
    """To a tenth, by integers."""
    tenths = microseconds // 100
    return f"{tenths // 10:,}.{tenths % 10}"
