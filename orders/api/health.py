"""Is the engine well? The database decides; everything else only degrades it."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import Error, transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders import gateway
from orders.api import schema
from orders.api.endpoint import Endpoint
from orders.models import KnownPool, Order, PoolRefresh
from orders.pipeline.sweeper import oldest_due_seconds
from orders.records import attempts, kill_switch
from orders.reporting.workers import living_workers
from orders.wire.health import HEALTH, Database, Look, Pools

_NOBODY: Final = uuid.UUID(int=0)


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
        pools = _pools() if database.is_writable else None
        look = Look(database, living_workers(), gateway.watched_chain_health(), pools)
        return Response(HEALTH.of(look), status=200 if database.is_writable else 503)


def _pools() -> Pools:
    """How many pools are known beforehand, and how the last look for more went."""
    network = settings.SOLANA_NETWORK
    last = PoolRefresh.objects.filter(network=network).first()
    return Pools(KnownPool.objects.filter(network=network).count(), last)


def _database() -> Database:
    """Whether a write goes through, for how many seconds the oldest due order has waited, the kill switch."""
    try:
        with transaction.atomic():
            # Changes no row, yet fails where a write would: read-only file, standby, full lock.
            Order.objects.filter(pk=_NOBODY).update(version=1)
        return Database(True, oldest_due_seconds(), kill_switch.is_on(), attempts.not_taken())
    except Error:
        return Database(False)
