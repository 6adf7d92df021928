"""Pools and tokens as discovery has found them on a network."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class PoolState(models.TextChoices):
    """Whether orders may use a pool."""

    ON = "on", "on"
    OFF = "off", "off"


class KnownPool(models.Model):
    """A pool that discovery has found once: what orders are routed by while a node will not list pools."""

    network = models.CharField(max_length=16)
    venue = models.CharField(max_length=32)
    address = models.CharField(max_length=44)
    mint_a = models.CharField(max_length=44)
    mint_b = models.CharField(max_length=44)
    seen_at = models.DateTimeField()
    # How many orders have failed on chain by its fault lately, when last and how; until when none uses it.
    failed_orders = models.PositiveIntegerField(default=0, db_default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    failed_reason = models.CharField(max_length=32, blank=True, default="", db_default="")
    left_out_until = models.DateTimeField(null=True, blank=True)
    # Whether orders may use it at all, which the operator decides.
    state = models.CharField(
        max_length=3, choices=PoolState.choices, default=PoolState.ON, db_default=PoolState.ON
    )
    # When an order last swapped by it; what its vaults held, in base units by mint, at the last look.
    last_used_at = models.DateTimeField(null=True, blank=True)
    reserves = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "pool"
        ordering = ("network", "venue", "address")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("network", "address"), name="known_pool_once_a_network"),
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.address}"


class PoolRefresh(models.Model):
    """When the pools of a network are looked for next, by whichever worker comes first; how it last went."""

    network = models.CharField(max_length=16, primary_key=True)
    due_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"pools of {self.network}"


class Mint(models.Model):
    """A token that is on no list, as the chain had it when somebody first named it: never a verified one.

    ``dangers`` are why it cannot be swapped safely; ``symbol`` and ``name`` are what it says of itself.
    """

    network = models.CharField(max_length=16)
    address = models.CharField(max_length=44)
    program = models.CharField(max_length=44)
    decimals = models.PositiveSmallIntegerField()
    mint_authority = models.CharField(max_length=44, blank=True, default="")
    freeze_authority = models.CharField(max_length=44, blank=True, default="")
    extensions = models.JSONField(default=list)
    dangers = models.JSONField(default=list)
    symbol = models.CharField(max_length=16, blank=True, default="")
    name = models.CharField(max_length=64, blank=True, default="")
    read_at = models.DateTimeField()

    class Meta:
        ordering = ("network", "address")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("network", "address"), name="mint_once_a_network"),
        ]

    def __str__(self) -> str:
        return self.address
