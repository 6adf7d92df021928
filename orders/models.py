"""The record: Order (the intent), Attempt (one signed transaction), OrderEvent (journal).

Amounts are base units in signed 64-bit columns. `orders.journal` is the only writer of
`Order.status`; the constraints below repeat its rules for the day when something goes wrong.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dex.types import SwapMode
from orders.index_conditions import FAILED_STATES, in_index_order
from orders.lifecycle import (
    ACTIVE,
    FINAL,
    PAPER,
    UNFINISHED,
    AttemptState,
    FailureReason,
    OrderType,
    SendAnswer,
    Status,
    WaitsFor,
)

# Which side of its swap an order fixes.
MODES = [(mode.value, mode.value.replace("_", " ")) for mode in SwapMode]
_NEWEST_FIRST = ("-created_at", "-id")


def _ended(*columns: str, name: str) -> models.Index:
    """Newest first among the ended orders: a row comes in once, when nothing changes it any more."""
    return models.Index(
        fields=(*columns, *_NEWEST_FIRST), condition=Q(status__in=in_index_order(FINAL)), name=name
    )


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

    type = models.CharField(max_length=8, choices=OrderType.choices, default=OrderType.MARKET)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    network = models.CharField(max_length=16)
    wallet = models.CharField(max_length=44)
    token_in = models.CharField(max_length=44)
    token_out = models.CharField(max_length=44)
    # Of an exact output: the most that may be sold for `floor_amount_out`.
    amount_in = models.BigIntegerField()
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
            models.Index(
                fields=("due_at",), condition=Q(status__in=in_index_order(ACTIVE)), name="order_due"
            ),
            models.Index(
                fields=("lease_token",), condition=Q(lease_token__isnull=False), name="order_leased"
            ),
            models.Index(
                fields=("user", *_NEWEST_FIRST),
                condition=Q(status__in=in_index_order(UNFINISHED)),
                name="order_unfinished_of_user",
            ),
            _ended("status", name="order_ended_status"),
            _ended("user", "status", name="order_ended_user_status"),
            _ended("user", "dex", name="order_ended_user_dex"),
            _ended("user", "type", name="order_ended_user_type"),
            _ended("user", "wallet", name="order_ended_user_wallet"),
            _ended("user", "token_in", name="order_ended_user_token_in"),
            _ended("user", "token_out", name="order_ended_user_token_out"),
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


class Attempt(models.Model):
    """One signed transaction, committed before its first byte goes to a node.

    Sending reads ``signed_transaction`` from here and nothing else, so a resumed or paused
    worker can only repeat the same bytes.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    signature = models.CharField(max_length=88, unique=True)
    signed_transaction = models.BinaryField()
    blockhash = models.CharField(max_length=44)
    last_valid_block_height = models.BigIntegerField()
    venue = models.CharField(max_length=32)
    # Of the temporary account inside the transaction: random, so that nobody can send to its address before.
    account_seed = models.CharField(max_length=32, blank=True, default="", db_default="")
    state = models.CharField(max_length=16, choices=AttemptState.choices, default=AttemptState.OPEN)
    sends = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    # What the node said to the last send, and why where it did not take the bytes.
    send_answer = models.CharField(
        max_length=18, choices=SendAnswer.choices, blank=True, default="", db_default=""
    )
    send_reason = models.CharField(max_length=255, blank=True, default="", db_default="")
    slot = models.BigIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")
    # Lamports, by the chain's own record; unknown until the chain has decided (`orders.costs`).
    network_fee = models.BigIntegerField(null=True, blank=True)
    priority_fee = models.BigIntegerField(null=True, blank=True)
    tip = models.BigIntegerField(null=True, blank=True)
    rent = models.BigIntegerField(null=True, blank=True)
    # What it may take at most of the wallet's SOL beside what it sells, committed until the chain decides.
    reserved_lamports = models.BigIntegerField(null=True, blank=True)
    absent_since_slot = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("order", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("order", "number"), name="attempt_number_once_an_order"),
            models.UniqueConstraint(
                fields=("order",), condition=Q(state="open"), name="attempt_one_open_an_order"
            ),
            models.CheckConstraint(condition=Q(state__in=AttemptState.values), name="attempt_state_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("created_at",), condition=Q(state__in=list(FAILED_STATES)), name="attempt_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.order_id} ({self.state})"


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


class WorkerProcess(models.Model):
    """A worker that runs, or has died lately: `orders.records.workers` is the only writer.

    ``id`` is the first of its lease tokens; ``machine``, ``pid`` and ``started`` say which process it is,
    ``beats`` grows as long as it lives.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=255)
    machine = models.CharField(max_length=255, blank=True)
    pid = models.BigIntegerField()
    started = models.BigIntegerField()
    beats = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "worker processes"

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


class TradingSwitch(models.Model):
    """Whether new transactions may be signed: one row at most, none means that they may."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField()
    reason = models.CharField(max_length=255, blank=True, default="")
    changed_by = models.CharField(max_length=64, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="trading_switch_one_row"),
        ]

    def __str__(self) -> str:
        return f"trading is {'on' if self.is_on else 'off'}"


class TokenScope(models.Model):
    """What a bearer token may do; a token without a row trades."""

    class Scope(models.TextChoices):
        READ = "read"
        TRADE = "trade"
        ADMIN = "admin"

    token = models.OneToOneField(
        "knox.AuthToken", models.CASCADE, primary_key=True, related_name="granted_scope"
    )
    scope = models.CharField(max_length=8, choices=Scope.choices)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(scope__in=["read", "trade", "admin"]), name="token_scope_known"
            ),
        ]

    def __str__(self) -> str:
        return self.scope


class AuditEntry(models.Model):
    """One change of what may be traded, or of who may trade: who did what, when, and from where."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    action = models.CharField(max_length=32)
    subject = models.CharField(max_length=255, blank=True, default="")
    detail = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "audit log"
        indexes: ClassVar = [models.Index(fields=("-at", "-id"), name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}".strip()


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
        ordering = ("network", "venue", "address")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("network", "address"), name="known_pool_once_a_network"),
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.address}"


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


class PoolRefresh(models.Model):
    """When the pools of a network are looked for next, by whichever worker comes first; how it last went."""

    network = models.CharField(max_length=16, primary_key=True)
    due_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"pools of {self.network}"


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
