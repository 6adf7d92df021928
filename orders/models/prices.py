"""Prices over time: what the pools would have paid, as the engine saw it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class PriceSample(models.Model):
    """What one whole token in would have brought, in base units of the token out.

    ``seconds`` is the span that begins at ``at``: 1 or 60. ``opening`` is the first price of it, ``closing``
    the last.
    """

    network = models.CharField(max_length=16)
    token_in = models.CharField(max_length=44)
    token_out = models.CharField(max_length=44)
    seconds = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    opening = models.BigIntegerField()
    highest = models.BigIntegerField()
    lowest = models.BigIntegerField()
    closing = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("network", "token_in", "token_out", "seconds", "at"), name="price_sample_once"
            ),
        ]
        # What has grown old goes, of all pairs.
        indexes: ClassVar = [models.Index(fields=("seconds", "at"), name="price_sample_age")]

    def __str__(self) -> str:
        return f"{self.token_in} in {self.token_out} at {self.at:%Y-%m-%d %H:%M:%S}"


class PriceWatch(models.Model):
    """Which worker samples the prices of a network."""

    network = models.CharField(max_length=16, primary_key=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "price watches"

    def __str__(self) -> str:
        return f"prices of {self.network}"
