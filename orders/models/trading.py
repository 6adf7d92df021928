"""Whether transactions may be signed, and how much a user has sold on a day."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class TradingSwitch(models.Model):
    """Whether new transactions may be signed: one row at most, none means that they may."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField()
    reason = models.CharField(max_length=255, blank=True, default="")
    changed_by = models.CharField(max_length=64, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "kill switch"
        verbose_name_plural = "kill switch"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="trading_switch_one_row"),
        ]

    def __str__(self) -> str:
        return f"trading is {'on' if self.is_on else 'off'}"


class DaySales(models.Model):
    """What a user has sold of a token out of a wallet on a day (UTC), in base units: what caps look at."""

    day = models.DateField()
    network = models.CharField(max_length=16)
    token = models.CharField(max_length=44)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    wallet = models.CharField(max_length=44, blank=True)
    amount = models.BigIntegerField()

    class Meta:
        ordering = ("-day", "network", "token", "user", "wallet")
        verbose_name_plural = "day sales"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("day", "network", "token", "user", "wallet"), name="day_sales_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.token} {self.amount}"
