"""The transactions of an order, as they were signed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from orders.index_conditions import FAILED_STATES
from orders.lifecycle import AttemptState, SendAnswer
from orders.models.order import Order


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
