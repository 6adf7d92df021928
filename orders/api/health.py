"""Is the engine well? The database decides; everything else only degrades it."""

from __future__ import annotations

from django.conf import settings
from django.db import Error
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders import gateway
from orders.api import schema
from orders.api.endpoint import Endpoint
from orders.intake import acceptance
from orders.models import KnownPool, PoolRefresh
from orders.pipeline.sweeper import oldest_due_seconds
from orders.platform import database_trouble
from orders.records import (
    attempts,
    kill_switch,
    launch_watch,
    launches,
    network_lease,
    open_orders,
    watched_pairs,
)
from orders.reporting.workers import living_workers
from orders.wire.health import HEALTH, Database, Launches, Look, Pools


class Live(Endpoint):
    """Says that the process answers."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(**schema.LIVE)
    def get(self, request: Request) -> Response:
        """Answers whenever the process does; looks at nothing else."""
        return Response({"status": "ok"})


class Health(Endpoint):
    """Says whether orders can be accepted and executed."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(**schema.HEALTH_LOOK)
    def get(self, request: Request) -> Response:
        """200 ok or degraded (orders are accepted but may wait), 503 when none can be accepted."""
        database = _database()
        pools = _pools() if database.refusal is None else None
        found = _launches() if database.refusal is None else None
        look = Look(database, living_workers(), gateway.watched_chain_health(), pools, found)
        return Response(HEALTH.of(look), status=200 if database.refusal is None else 503)


def _pools() -> Pools:
    """How many pools are known beforehand, and how the last look for more went."""
    network = settings.SOLANA_NETWORK
    last = PoolRefresh.objects.filter(network=network).first()
    return Pools(KnownPool.objects.filter(network=network).count(), last)


def _launches() -> Launches:
    """Whether a worker watches for new pools, and how."""
    watch = launch_watch.state()
    held = watch is not None and network_lease.is_held(watch)
    return Launches(settings.LAUNCHES, launches.ours().count(), watch, held)


def _database() -> Database:
    """Whether orders are written, for how many seconds the oldest due one has waited, the kill switch."""
    refusal = acceptance.refusal()
    if refusal is not None:
        return Database(refusal)
    try:
        unpriced = watched_pairs.unpriced(timezone.now())
        return Database(
            None,
            oldest_due_seconds(),
            kill_switch.is_on(),
            attempts.not_taken(),
            open_orders.count(),
            len(unpriced),
            unpriced[0][1] if unpriced else 0,
        )
    except Error as error:
        return Database(database_trouble.in_words(error))
