"""Orders that fire at a time, whatever the price: exits that were given so long and no longer."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils import timezone

from orders.index_conditions import OF_WAITING_ORDER
from orders.lifecycle import Status
from orders.models import Order, Trigger
from orders.pipeline import groups
from orders.records import journal, kill_switch
from orders.records.transition import Transition

_MOST_AT_ONCE: Final = 64


def release_due() -> list[Order]:
    """Set on their way those whose time has come; they are tried until they are filled, as stops are."""
    now = timezone.now()
    due = Trigger.objects.filter(OF_WAITING_ORDER, fires_at__lte=now, order__fired_at__isnull=True)
    rows = due.filter(order__network=settings.SOLANA_NETWORK).select_related("order")
    found = list(rows.order_by("fires_at")[:_MOST_AT_ONCE])
    if not found or not kill_switch.is_on():
        return []
    released: list[Order] = []
    for trigger in found:
        changes = {"fired_at": now, "due_at": now, "swept_at": None}
        step = Transition(trigger.order, Status.ROUTING, changes)
        try:
            # One by one: its sibling is cancelled in the same transaction.
            released += groups.record([step])
        except journal.Overtaken:
            continue
    return released
