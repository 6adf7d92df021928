"""The rows of signed transactions: written ahead of the chain, counted as they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from orders.gateway import Sent, SignedSwap
from orders.lifecycle import TAKEN, AttemptState, Status
from orders.models import Attempt, Order
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import kill_switch, leases, sql
from orders.records.new_rows import new_row


def open_of(orders: Sequence[Order]) -> dict[UUID, Attempt]:
    """The open attempt of each order that has one, by order: no order ever has two."""
    if not orders:
        return {}
    ids = sql.padded([order.pk for order in orders])
    with connection.cursor() as cursor:
        cursor.execute(_open_of(len(ids)), sql.values(Attempt, [("order", order_id) for order_id in ids]))
        return {attempt.order_id: attempt for attempt in sql.rows(Attempt, cursor.fetchall())}


def waiting_for(attempts: Sequence[Attempt]) -> dict[UUID, Order]:
    """The submitted orders that still wait for exactly these transactions, by their ids."""
    if not attempts:
        return {}
    signatures = {attempt.order_id: attempt.signature for attempt in attempts}
    ids = sql.padded(signatures)
    named = [("status", Status.SUBMITTED.value), *(("id", order_id) for order_id in ids)]
    with connection.cursor() as cursor:
        cursor.execute(_submitted_of(len(ids)), sql.values(Order, named))
        orders = sql.rows(Order, cursor.fetchall())
    return {order.pk: order for order in orders if order.signature == signatures[order.pk]}


class Admission(Protocol):
    """Who may store: asked and told inside the transaction."""

    def admit(self, signed: Sequence[tuple[Order, SignedSwap]], now: datetime) -> list[Order]: ...

    def stored(self, orders: Sequence[Order], now: datetime) -> None: ...


def store(signed: Sequence[tuple[Order, SignedSwap]], admission: Admission) -> list[Order]:
    """Write ahead: bytes, signature and expiry are committed before the first of them is sent.

    The orders whose attempt is stored: the others were not admitted, or have been claimed by somebody else
    meanwhile. What was signed while trading was switched off, or after the order's expiry, is dropped here:
    it was never shown to a node.
    """
    now = timezone.now()
    signed = [(order, swap) for order, swap in signed if not order.is_over(now)]
    if not signed:
        return []
    rows = [_attempt(order, swap, now) for order, swap in signed]
    values = dict(zip((order.pk for order, _ in signed), sql.insert_values(rows), strict=True))
    with transaction.atomic(), connection.cursor() as cursor:
        if not kill_switch.stays_on():
            return []
        held = leases.let_go_signed(admission.admit(signed, now))
        cursor.executemany(sql.insert(Attempt), [values[order.pk] for order in held])
        admission.stored(held, now)
        crash_point(crash_points.STORING)
    return held


def note_sent(sent: Iterable[tuple[Attempt, Sent]]) -> None:
    """Count one more send of each attempt, with what the node said to it."""
    by_answer: dict[Sent, list[int]] = {}
    for attempt, answer in sent:
        by_answer.setdefault(answer, []).append(attempt.pk)
    for answer, attempt_ids in by_answer.items():
        pks = sql.padded(attempt_ids)
        named = [
            ("last_sent_at", timezone.now()),
            ("send_answer", answer.answer.value),
            ("send_reason", answer.reason),
            *(("id", pk) for pk in pks),
        ]
        with connection.cursor() as cursor:
            cursor.execute(_note_sent(len(pks)), sql.values(Attempt, named))


def not_taken() -> int:
    """How many open transactions of this network were sent more than once, and not taken the last time."""
    with connection.cursor() as cursor:
        cursor.execute(_not_taken(), [settings.SOLANA_NETWORK])
        (count,) = cursor.fetchone()
    return int(count)


def _attempt(order: Order, swap: SignedSwap, now: datetime) -> Attempt:
    signed = swap.transaction
    return new_row(
        Attempt,
        order_id=order.pk,
        number=order.attempt + 1,
        signature=signed.signature,
        signed_transaction=signed.raw,
        blockhash=signed.blockhash,
        last_valid_block_height=signed.last_valid_block_height,
        reserved_lamports=swap.funds.lamports_needed,
        venue=order.venue,
        account_seed=swap.transaction.account_seed,
        created_at=now,
    )


@lru_cache(maxsize=256)
def _open_of(orders: int) -> str:
    column = partial(sql.column, Attempt)
    # The state as a literal, so that SQLite uses the index of open attempts.
    return (
        f"SELECT {sql.every_column(Attempt)} FROM {sql.table(Attempt)}"
        f" WHERE {column('state')} = '{AttemptState.OPEN.value}'"
        f" AND {column('order')} IN {sql.places(orders)}"
    )


@lru_cache(maxsize=256)
def _submitted_of(orders: int) -> str:
    column = partial(sql.column, Order)
    return (
        f"SELECT {sql.every_column(Order)} FROM {sql.table(Order)}"
        f" WHERE {column('status')} = %s AND {column('id')} IN {sql.places(orders)}"
    )


@lru_cache(maxsize=1)
def _not_taken() -> str:
    column = partial(sql.column, Attempt)
    taken = ", ".join(f"'{answer}'" for answer in ["", *sorted(answer.value for answer in TAKEN)])
    return (
        f"SELECT COUNT(*) FROM {sql.table(Attempt)} WHERE {column('state')} = '{AttemptState.OPEN.value}'"
        f" AND {column('sends')} >= 2 AND {column('send_answer')} NOT IN ({taken})"
        f" AND (SELECT {sql.column(Order, 'network')} FROM {sql.table(Order)}"
        f" WHERE {sql.table(Order)}.{sql.column(Order, 'id')} = {column('order')}) = %s"
    )


@lru_cache(maxsize=256)
def _note_sent(attempts: int) -> str:
    column = partial(sql.column, Attempt)
    return (
        f"UPDATE {sql.table(Attempt)} SET {column('sends')} = {column('sends')} + 1,"
        f" {column('last_sent_at')} = %s, {column('send_answer')} = %s, {column('send_reason')} = %s"
        f" WHERE {column('id')} IN {sql.places(attempts)}"
    )
