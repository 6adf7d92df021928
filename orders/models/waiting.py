"""What orders that wait go by: their triggers, the groups that tie them, the pairs that are watched."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.lifecycle import GroupKind
from orders.models.order import Order


class OrderGroup(models.Model):
    """Orders that belong together.

    ``exits`` of a bracket are what its two exits are made of when the entry is confirmed; they are sized by
    what the entry received. A purchase out of a budget with exits of its own has a group of its own, whose
    ``parent`` is the budget's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=GroupKind.choices)
    exits = models.JSONField(null=True, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, related_name="parts", null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Trigger(models.Model):
    """What an order waits for at `open`.

    ``fires_at_or_above`` and ``fires_at_or_below`` are compared with the executable quote of the order's own
    size, fees included: with what it pays, in base units of the token out, or for an exact output with what
    it costs, in base units of the token in. ``confirmations`` are slots in a row that must say so.
    ``watermark`` of a trailing stop is the most that its amount would have brought since ``activates_at``
    was reached; it only grows. ``trigger_price`` and ``activation_price`` are as the client gave them.
    ``judged``: that the order would not have fired when it was placed. At ``fires_at`` it fires whatever the
    price.
    """

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="trigger")
    fires_at_or_above = models.BigIntegerField(null=True, blank=True)
    fires_at_or_below = models.BigIntegerField(null=True, blank=True)
    confirmations = models.PositiveSmallIntegerField(default=1)
    trail_bps = models.PositiveIntegerField(null=True, blank=True)
    activates_at = models.BigIntegerField(null=True, blank=True)
    watermark = models.BigIntegerField(null=True, blank=True)
    trigger_price = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 -- not given is NULL
    activation_price = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    judged = models.BooleanField(default=True)
    fires_at = models.DateTimeField(null=True, blank=True)
    # How far an open order's price was from it when that was last written, in basis points of the price.
    distance_bps = models.IntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "open order"
        verbose_name_plural = "open orders"
        indexes: ClassVar = [
            models.Index(
                fields=("distance_bps",), condition=Q(distance_bps__isnull=False), name="trigger_distance"
            ),
            models.Index(fields=("fires_at",), condition=Q(fires_at__isnull=False), name="trigger_timed"),
        ]

    def __str__(self) -> str:
        return f"trigger of {self.order_id}"


class Schedule(models.Model):
    """When the rounds of a DCA order are placed, each as an order of its own.

    ``next_round`` counts from 1; beyond ``last_round`` all have been placed or skipped. A round sells the
    whole amount divided by ``rounds``, the last one what is left over besides. ``min_price`` and
    ``max_price`` are as the client gave them; a round whose price lies outside is skipped.
    """

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="schedule")
    rounds = models.PositiveIntegerField()
    # Fewer than ``rounds`` where the client has cut them short.
    last_round = models.PositiveIntegerField()
    next_round = models.PositiveIntegerField(default=1)
    interval_seconds = models.PositiveIntegerField()
    next_at = models.DateTimeField()
    min_price = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 -- not given is NULL
    max_price = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    is_paused = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=("next_at",), name="schedule_next")]

    def __str__(self) -> str:
        return f"schedule of {self.order_id}"


class WatchedPair(models.Model):
    """A pair that open orders wait on: which worker watches it, and when it last had a price."""

    network = models.CharField(max_length=16)
    token_in = models.CharField(max_length=44)
    token_out = models.CharField(max_length=44)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    priced_at = models.DateTimeField(null=True, blank=True)
    priced_slot = models.BigIntegerField(null=True, blank=True)
    waits_since = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("network", "token_in", "token_out")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("network", "token_in", "token_out"), name="watched_pair_once_a_network"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.token_in} to {self.token_out}"
