"""Order: what somebody wants swapped, where it stands, and what came of it.

Amounts are base units in signed 64-bit columns. `orders.records.journal` is the only writer of
`Order.status`; the constraints below repeat its rules for the day when something goes wrong.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dex.types import SwapMode
from orders.amounts import NOT_BOUND_YET
from orders.index_conditions import condition_of
from orders.lifecycle import (
    ACTIVE,
    AT_ONCE,
    FINAL,
    PAPER,
    UNFINISHED,
    WAITING,
    WAITING_TYPES,
    FailureReason,
    GroupRole,
    OrderType,
    Status,
    TimeInForce,
    WaitsFor,
)

# Which side of its swap an order fixes.
MODES = [(mode.value, mode.value.replace("_", " ")) for mode in SwapMode]
_NEWEST_FIRST = ("-created_at", "-id")


def _ended(*columns: str, name: str) -> models.Index:
    """Newest first among the ended orders: a row comes in once, when nothing changes it any more."""
    return models.Index(fields=(*columns, *_NEWEST_FIRST), condition=condition_of(FINAL), name=name)


class Order(models.Model):
    """What somebody wants swapped, where it stands, and what came of it.

    ``version`` counts transitions and equals the sequence of the last event. A worker owns the
    row while ``lease_until`` lies ahead; every write of its names ``lease_token``. Of a submitted order
    that is the poller that follows its transaction. ``due_at`` is the moment of what it ``waits_for``,
    ``swept_at`` when the sweeper last sent a message for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Indexes below begin with the user.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders", db_index=False)
    client_order_id = models.CharField(max_length=255, null=True, blank=True)
    request_hash = models.CharField(max_length=64)
    # Of the request that placed it; db_default, so that processes of the version before can write rows.
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")

    type = models.CharField(max_length=16, choices=OrderType.choices, default=OrderType.MARKET)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    network = models.CharField(max_length=16)
    wallet = models.CharField(max_length=44)
    token_in = models.CharField(max_length=44)
    token_out = models.CharField(max_length=44)
    # Of an exact output: the most that may be sold for `floor_amount_out`. It only ever falls, from
    # `NOT_BOUND_YET` at the first quote where only the slippage bounds it.
    amount_in = models.BigIntegerField()
    # Of an exact output: the first quote's slippage bounds it too.
    is_bound_by_slippage = models.BooleanField(default=False, db_default=False)
    mode = models.CharField(
        max_length=9, choices=MODES, default=SwapMode.EXACT_IN.value, db_default=SwapMode.EXACT_IN.value
    )
    # For an automatic one: the most it may become, and from the quote on what it has become.
    slippage_bps = models.PositiveIntegerField()
    slippage_is_auto = models.BooleanField(default=False, db_default=False)
    max_price_impact_bps = models.PositiveIntegerField(null=True, blank=True)
    # Impact and fees together.
    max_cost_bps = models.PositiveIntegerField(null=True, blank=True)
    # What its routes may go over (`orders.records.routes.bounds`); None for no bounds of its own.
    route_bounds = models.JSONField(null=True, blank=True)
    limit_price = models.CharField(max_length=40, null=True, blank=True)
    # Whether its prices are tokenIn per tokenOut, what a buyer says.
    prices_inverted = models.BooleanField(default=False, db_default=False)
    time_in_force = models.CharField(
        max_length=3, choices=TimeInForce.choices, default=TimeInForce.GTC, db_default=TimeInForce.GTC.value
    )
    # Since when a stop, take profit or trailing stop is tried until it is filled.
    fired_at = models.DateTimeField(null=True, blank=True)
    group = models.ForeignKey(
        "orders.OrderGroup", models.PROTECT, related_name="orders", null=True, blank=True, db_index=False
    )
    group_role = models.CharField(
        max_length=11, choices=GroupRole.choices, blank=True, default=GroupRole.NONE, db_default=""
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    dex = models.CharField(max_length=16, blank=True, default="")
    venue = models.CharField(max_length=32, blank=True, default="")
    pool = models.CharField(max_length=44, blank=True, default="")
    # The least that this order may ever receive: as the client said, or by the first quote's slippage.
    floor_amount_out = models.BigIntegerField(null=True, blank=True)
    # What realised slippage is measured against.
    first_quoted_amount_out = models.BigIntegerField(null=True, blank=True)
    # Of the quote that the next transaction is built from, and the slot that it is of.
    quoted_amount_out = models.BigIntegerField(null=True, blank=True)
    # Of an exact output alone: what it would have cost.
    quoted_amount_in = models.BigIntegerField(null=True, blank=True)
    min_amount_out = models.BigIntegerField(null=True, blank=True)
    quoted_slot = models.BigIntegerField(null=True, blank=True)
    lp_fee = models.BigIntegerField(null=True, blank=True)
    # How the amount is shared out (`orders.records.routes`); dex, venue and pool are the largest leg's.
    route = models.JSONField(null=True, blank=True)
    lp_fee_mint = models.CharField(max_length=44, blank=True, default="")

    executed_amount_in = models.BigIntegerField(null=True, blank=True)
    executed_amount_out = models.BigIntegerField(null=True, blank=True)
    network_fee = models.BigIntegerField(null=True, blank=True)
    priority_fee = models.BigIntegerField(null=True, blank=True)
    signature = models.CharField(max_length=88, blank=True, default="")
    slot = models.BigIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=32, blank=True, default="")
    error_message = models.CharField(max_length=255, blank=True, default="")
    error_details = models.JSONField(null=True, blank=True)
    # Pools by whose fault transactions of this order failed, by address with the reason: not used again.
    left_out_pools = models.JSONField(null=True, blank=True)

    version = models.PositiveIntegerField(default=1)
    attempt = models.PositiveIntegerField(default=0)
    retries = models.PositiveSmallIntegerField(default=0)
    starts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    waits_for = models.CharField(
        max_length=9, choices=WaitsFor.choices, blank=True, default=WaitsFor.WORKER, db_default=""
    )
    swept_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finalized_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = _NEWEST_FIRST
        permissions = (("trade", "Can place, amend and cancel own orders"),)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(type__in=OrderType.values), name="order_type_known"),
            models.CheckConstraint(condition=Q(amount_in__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(min_amount_out__isnull=True) | Q(min_amount_out__gte=1),
                name="order_min_amount_out_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(floor_amount_out__isnull=True)
                | Q(min_amount_out__isnull=True)
                | Q(min_amount_out__gte=F("floor_amount_out")),
                name="order_min_amount_out_at_least_floor",
            ),
            models.CheckConstraint(
                condition=~Q(network=PAPER) | Q(signature=""), name="order_on_paper_has_no_signature"
            ),
            # The client's id comes first, so that it finds orders also where the user is not known.
            models.UniqueConstraint(fields=("client_order_id", "user"), name="order_client_id_once_a_user"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("user", *_NEWEST_FIRST), name="order_newest_of_user"),
            models.Index(fields=_NEWEST_FIRST, name="order_newest"),
            models.Index(fields=("due_at",), condition=condition_of(ACTIVE), name="order_due"),
            models.Index(
                fields=("lease_token",), condition=Q(lease_token__isnull=False), name="order_leased"
            ),
            models.Index(
                fields=("user", *_NEWEST_FIRST),
                condition=condition_of(UNFINISHED),
                name="order_unfinished_of_user",
            ),
            models.Index(
                fields=("network", "updated_at"),
                condition=condition_of(WAITING),
                name="order_open_changed",
            ),
            models.Index(
                fields=("network", "token_in", "token_out"),
                condition=condition_of(WAITING),
                name="order_open_of_pair",
            ),
            models.Index(
                fields=("expires_at",),
                condition=condition_of(WAITING) & Q(expires_at__isnull=False),
                name="order_open_expires",
            ),
            models.Index(fields=("group",), condition=Q(group__isnull=False), name="order_of_group"),
            _ended("status", name="order_ended_status"),
            _ended("user", "status", name="order_ended_user_status"),
            _ended("user", "dex", name="order_ended_user_dex"),
            _ended("user", "type", name="order_ended_user_type"),
            _ended("user", "wallet", name="order_ended_user_wallet"),
            _ended("user", "token_in", name="order_ended_user_token_in"),
            _ended("user", "token_out", name="order_ended_user_token_out"),
            models.Index(
                fields=("user", "-confirmed_at", "-id"),
                condition=Q(status="confirmed"),
                name="order_confirmed_of_user",
            ),
            models.Index(
                fields=("confirmed_at",),
                condition=Q(status="confirmed", finalized_at__isnull=True),
                name="order_not_yet_final",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} order {self.id} ({self.status})"

    def is_over(self, now: datetime) -> bool:
        """Whether its own expiry has come: it ends unless a transaction of its is under way."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def bound_amount_in(self) -> int | None:
        """What is sold, or of an exact output the most that may be; None where no quote has bound it yet."""
        is_open = self.mode == SwapMode.EXACT_OUT and self.amount_in == NOT_BOUND_YET
        return None if is_open else self.amount_in

    @property
    def waits(self) -> bool:
        """Whether it goes back to `open` when it cannot be filled now."""
        if self.type == OrderType.SNIPER:
            return self.group_role != GroupRole.BUDGET
        return self.has_trigger

    @property
    def has_trigger(self) -> bool:
        """Whether there is a trigger that says when it fires."""
        return self.type in WAITING_TYPES and self.time_in_force not in AT_ONCE

    @property
    def companions(self) -> Sequence[Order]:
        """Orders of its group that are to be written with it, when it is new."""
        return getattr(self, "_companions", ())

    def bring(self, companions: Sequence[Order]) -> None:
        """Have `companions` written with this new order."""
        self._companions = companions

    @property
    def opening_data(self) -> Mapping[str, Any]:
        """What the first event of this new order carries."""
        return getattr(self, "_opening_data", {})

    def open_with(self, data: Mapping[str, Any]) -> None:
        """Have the first event of this new order carry `data`."""
        self._opening_data = data

    @property
    def priced_amount_in(self) -> int | None:
        """What the quote sells, in base units of the token in; None for an exact output without one."""
        return self.quoted_amount_in if self.mode == SwapMode.EXACT_OUT else self.amount_in

    @property
    def slippage_base(self) -> int | None:
        """The quote that realised slippage is measured against, in base units of the token out."""
        return self.first_quoted_amount_out or self.quoted_amount_out

    @property
    def failure(self) -> FailureReason | None:
        """Why the order failed, or None."""
        return FailureReason(self.error_code) if self.error_code in FailureReason.values else None
