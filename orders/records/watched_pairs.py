"""Which worker watches which pair: leases in rows, so that a dead worker's pairs are taken over.

A lease only shares out the work. Two watchers of one pair do no harm: the journal decides who fires an order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.models import WatchedPair, WorkerProcess
from orders.records import leases, open_orders
from orders.records.open_orders import Pair

# Taken over within 5 s of the death of the worker: the lease, and a second until others look.
LEASE_SECONDS: Final = 3
_SEEN_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class PairState:
    """The last price of a pair: its slot, or why there is none."""

    slot: int | None
    error_code: str = ""


def _ours() -> QuerySet[WatchedPair]:
    return WatchedPair.objects.filter(network=settings.SOLANA_NETWORK)


def share(states: Mapping[Pair, PairState]) -> set[Pair]:
    """Renew the leases of this process, take over what is free up to its share; the pairs that it watches.

    ``states`` are what it has seen of those that it watched so far.
    """
    now = timezone.now()
    token = leases.first_token()
    wanted = open_orders.pairs()
    if not wanted and not _ours().exists():
        # Nothing waits: no transaction is begun for it.
        return set()
    with leases.forgettable():
        rows = {(row.token_in, row.token_out): row for row in _ours()}
        _add(wanted - set(rows))
        _drop(rows, wanted, now)
        own = [pair for pair, row in rows.items() if row.lease_token == token and pair in wanted]
        _renew(own, states, now, token)
        room = _share_of_one(len(wanted)) - len(own)
        rows = {(row.token_in, row.token_out): row for row in _ours()}
        free = [pair for pair in wanted if _is_free(rows.get(pair), now)]
        taken = [pair for pair in sorted(free)[: max(0, room)] if _take(pair, now, token)]
        given = own[: max(0, -room - 1)]
        _own(given, token).update(lease_token=None, lease_until=None)
    return {*own, *taken} - set(given)


def give_up() -> None:
    """Leave the pairs of this process to others at once."""
    _ours().filter(lease_token=leases.first_token()).update(lease_token=None, lease_until=None)


def free_all_of(worker_id: UUID) -> None:
    """Free the pairs of a worker that has ended."""
    WatchedPair.objects.filter(lease_token=worker_id).update(lease_token=None, lease_until=None)


def without_price(since: datetime) -> list[WatchedPair]:
    """Pairs of open orders that have had no price since then, the longest without one first."""
    late = Q(priced_at__lt=since) | Q(priced_at__isnull=True, waits_since__lt=since)
    return list(_ours().filter(late).order_by("waits_since"))


def unpriced(now: datetime) -> list[tuple[WatchedPair, int]]:
    """Pairs of open orders that have no price, the longest without one first; each with the seconds since."""
    wanted = open_orders.pairs()
    late = without_price(now - timedelta(seconds=LEASE_SECONDS + 2))
    waiting = [row for row in late if (row.token_in, row.token_out) in wanted]
    found = [(row, int((now - (row.priced_at or row.waits_since or now)).total_seconds())) for row in waiting]
    return sorted(found, key=lambda each: -each[1])


def _add(pairs: Collection[Pair]) -> None:
    now = timezone.now()
    rows = [
        WatchedPair(network=settings.SOLANA_NETWORK, token_in=token_in, token_out=token_out, waits_since=now)
        for token_in, token_out in pairs
    ]
    if rows:
        WatchedPair.objects.bulk_create(rows, ignore_conflicts=True)


def _drop(rows: Mapping[Pair, WatchedPair], wanted: Collection[Pair], now: datetime) -> None:
    """Forget pairs that no order waits on, and that nobody watches."""
    gone = [row.pk for pair, row in rows.items() if pair not in wanted and _is_free(row, now)]
    if gone:
        WatchedPair.objects.filter(pk__in=gone).delete()


def _renew(own: Collection[Pair], states: Mapping[Pair, PairState], now: datetime, token: UUID) -> None:
    until = now + timedelta(seconds=LEASE_SECONDS)
    for pair in own:
        changes: dict[str, object] = {"lease_until": until}
        state = states.get(pair)
        if state is not None and state.slot is not None:
            changes |= {"priced_at": now, "priced_slot": state.slot, "error_code": ""}
        elif state is not None:
            changes |= {"error_code": state.error_code[:64]}
        _own([pair], token).update(**changes)


def _own(pairs: Collection[Pair], token: UUID) -> QuerySet[WatchedPair]:
    named = Q(pk__in=[])
    for token_in, token_out in pairs:
        named |= Q(token_in=token_in, token_out=token_out)
    return _ours().filter(named, lease_token=token)


def _is_free(row: WatchedPair | None, now: datetime) -> bool:
    """Nobody's, or run out; one that lies far ahead was written by a clock that has been set back since."""
    if row is None or row.lease_until is None:
        return True
    return not now <= row.lease_until <= now + timedelta(seconds=2 * LEASE_SECONDS)


def _take(pair: Pair, now: datetime, token: UUID) -> bool:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    free |= Q(lease_until__gt=now + timedelta(seconds=2 * LEASE_SECONDS))
    rows = _ours().filter(free, token_in=pair[0], token_out=pair[1])
    return bool(rows.update(lease_token=token, lease_until=now + timedelta(seconds=LEASE_SECONDS)))


def _share_of_one(pairs: int) -> int:
    alive = WorkerProcess.objects.filter(seen_at__gte=timezone.now() - timedelta(seconds=_SEEN_SECONDS))
    return -(-pairs // max(1, alive.count()))
