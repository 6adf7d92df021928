"""`manage.py trading off --reason TEXT`: no new signature from then on; `on` lets waiting orders go on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.records import audit, kill_switch

_MOST_REASON: int = 255


class Command(BaseCommand):
    """Throws the kill switch, or says how it stands."""

    help = "Stop or allow new signatures in every worker, at once. Without an argument: how it stands."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("state", nargs="?", choices=("on", "off"), help="what trading is to be")
        parser.add_argument("--reason", default="", metavar="TEXT", help="shown to callers and operators")

    def handle(self, *args: Any, **options: Any) -> None:
        """When `off` has returned, no transaction is signed any more that will ever be sent."""
        if options["state"] is not None:
            reason = options["reason"][:_MOST_REASON]
            kill_switch.switch(on=options["state"] == "on", reason=reason, by=audit.on_the_command_line())
        standing = kill_switch.state()
        why = f": {standing.reason}" if standing.reason else ""
        by = f" by {standing.changed_by}" if standing.changed_by else ""
        since = f" since {standing.changed_at:%Y-%m-%d %H:%M:%S} UTC{by}" if standing.changed_by else ""
        self.stdout.write(f"trading is {'on' if standing.is_on else 'off'}{since}{why}")
        if not standing.is_on:
            self.stdout.write(_what_goes_on())


def _what_goes_on() -> str:
    waiting = Order.objects.filter(status__in=(Status.PENDING, Status.ROUTING, Status.BUILDING)).count()
    open_attempts = Attempt.objects.filter(state=AttemptState.OPEN)
    sent = open_attempts.filter(order__status=Status.SUBMITTED).count()
    return f"{waiting} orders wait for it; {sent} transactions were sent before and are settled"
