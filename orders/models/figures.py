"""Figures of days, added up while orders go on, so that nobody has to read the orders again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Counted(models.TextChoices):
    """What a row of figures is about."""

    ALL = "all", "all orders"
    USER = "user", "the orders of a user"
    TOKEN = "token", "the orders that sell or buy a token"


class DayFigures(models.Model):
    """What happened on a day (UTC): ``placed`` then, ended then; ``subject`` is a user's key or a mint.

    ``volume`` is what confirmed swaps moved, in base units of USDC by their USDC side or by the prices of
    their time; ``sold`` of a token is the part of it that sold the token. Of ``unvalued`` swaps no price is
    kept. ``lamports`` are fees and tips of all transactions of the orders that ended. ``latencies`` counts
    market orders by the milliseconds from acceptance to confirmed (`orders.reporting.latencies`).
    """

    day = models.DateField()
    network = models.CharField(max_length=16)
    kind = models.CharField(max_length=5, choices=Counted.choices)
    subject = models.CharField(max_length=44, blank=True, default="")
    placed = models.BigIntegerField(default=0)
    confirmed = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    volume = models.BigIntegerField(default=0)
    sold = models.BigIntegerField(default=0)
    unvalued = models.BigIntegerField(default=0)
    lamports = models.BigIntegerField(default=0)
    latencies = models.JSONField(default=dict)

    class Meta:
        verbose_name = "day"
        ordering = ("-day", "network", "kind", "subject")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("network", "kind", "day", "subject"), name="day_figures_once_a_subject"
            ),
            models.CheckConstraint(condition=Q(kind__in=Counted.values), name="day_figures_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.subject}".strip()


class FiguresWatch(models.Model):
    """Which worker adds up figures of a network, and up to which event that has come."""

    network = models.CharField(max_length=16, primary_key=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    position = models.BigIntegerField(default=0)
    # When all that had happened was counted last.
    caught_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "figures watches"

    def __str__(self) -> str:
        return f"figures of {self.network}"
