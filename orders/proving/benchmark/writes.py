"""What an order's statements cost on a long history, and how much of that is for the indexes.

Everything happens in transactions that are rolled back, and waits for no disk: what is timed is the
database's work on rows and indexes, with Python's to ask for it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.proving.benchmark.figures import Spread, spread
from orders.proving.benchmark.history import HEAVY
from orders.proving.benchmark.reads import Measured
from orders.records import costs, journal, sql
from orders.records.transition import Transition

_WARM_UP: Final = 20
_RUNS_EACH: Final = 10
_MILLISECONDS: Final = 1000
_INDEXES: Final = tuple(index.name for index in Order._meta.indexes)
_ENDED: Final = tuple(name for name in _INDEXES if name.startswith("order_ended"))
_WITHOUT: Final = (
    ("all indexes", ()),
    (f"less the {len(_ENDED)} of ended orders", _ENDED),
    (f"less all {len(_INDEXES)} but keys", _INDEXES),
)


def writes(repeat: int, only: str) -> Iterator[Measured]:
    """An order's whole way, from accepted to final: with all indexes, then with fewer.

    On PostgreSQL the plans say how much it puts into the log, which no other load on the machine changes.
    """
    for name, dropped in _WITHOUT:
        title = f"one order written, {name}"
        if only in title:
            times, logged = _written(repeat * _RUNS_EACH, dropped)
            if times is not None:
                yield Measured(title, times, (f"{logged:,} bytes of WAL",) if logged else ())


def _written(runs: int, dropped: Sequence[str]) -> tuple[Spread | None, int]:
    """Milliseconds an order, and the middle of the bytes that it logs."""
    owner = get_user_model().objects.get(username=HEAVY).pk
    times, places = [], []
    with transaction.atomic():
        with connection.cursor() as cursor:
            for name in dropped:
                cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        for _ in range(runs + _WARM_UP):
            started = time.perf_counter()
            _write_an_order(owner)
            times.append((time.perf_counter() - started) * _MILLISECONDS)
            places.append(_end_of_log())
        transaction.set_rollback(True)
    logged = sorted(after - before for before, after in pairwise(places[_WARM_UP:]))
    return spread(times[_WARM_UP:]), logged[len(logged) // 2]


def _end_of_log() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


def _write_an_order(owner: int) -> None:
    order, signature = _new_order(owner), f"{uuid.uuid4().hex}{uuid.uuid4().hex}"
    journal.insert([order])
    chosen = {"dex": "raydium", "venue": "raydium-cpmm", "pool": order.token_in}
    amounts = {"quoted_amount_out": 164_718_348, "min_amount_out": 163_894_756, "lp_fee": 2_500_000}
    _step(order, Status.ROUTING, {})
    _step(order, Status.BUILDING, {**chosen, **amounts, "lp_fee_mint": order.token_in})
    attempt = _attempt(order, signature)
    with connection.cursor() as cursor:
        cursor.execute(sql.insert(Attempt), sql.insert_values([attempt])[0])
    _step(order, Status.SUBMITTED, {"signature": signature, "attempt": 1})
    attempts = Attempt.objects.filter(signature=signature)
    attempts.update(state=AttemptState.LANDED, slot=131, **dict.fromkeys(costs.COLUMNS, 0))
    moved = {"executed_amount_in": order.amount_in, "executed_amount_out": 164_718_348, "slot": 131}
    _step(order, Status.CONFIRMED, {**moved, "confirmed_at": timezone.now()})
    Order.objects.filter(pk=order.pk).update(finalized_at=timezone.now())


def _new_order(owner: int) -> Order:
    now = timezone.now()
    return Order(
        user_id=owner,
        request_hash="0" * 64,
        client_order_id=uuid.uuid4().hex,
        network="localnet",
        token_in=str(gateway.find_token("SOL").mint),
        token_out=str(gateway.find_token("USDC").mint),
        amount_in=1_000_000_000,
        slippage_bps=50,
        due_at=now,
        created_at=now,
        updated_at=now,
    )


def _attempt(order: Order, signature: str) -> Attempt:
    return Attempt(
        order=order,
        number=1,
        signature=signature,
        signed_transaction=b"\x01" * 500,
        blockhash=order.token_in,
        last_valid_block_height=281,
        venue="raydium-cpmm",
        created_at=timezone.now(),
    )


def _step(order: Order, status: Status, changes: dict[str, Any]) -> None:
    if not journal.record([Transition(order, status, changes)]):
        raise RuntimeError(f"somebody else writes here: {order.pk} did not become {status}")
