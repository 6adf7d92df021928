"""The journal of an order: its history, and what clients are sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from orders.lifecycle import Status
from orders.models.order import Order


class OrderEvent(models.Model):
    """One step of one order: history, timeline, replay and outbox are this table."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events", db_index=False)
    sequence = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("order", "sequence")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("order", "sequence"), name="event_sequence_once_an_order"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="event_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.status}"
