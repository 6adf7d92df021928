"""Is the engine well? The database decides; everything else only degrades it."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.conf import settings
from django.db import Error, transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orders import gateway
from orders.api import schema
from orders.models import KnownPool, Order, PoolRefresh
from orders.pipeline.sweeper import oldest_due_seconds
from orders.records import attempts, kill_switch
from orders.reporting.workers import living_workers
from orders.wire.events import timestamp

_NOBODY: Final = uuid.UUID(int=0)


class Live(APIView):
    """Says that the process answers."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(**schema.LIVE)
    def get(self, request: Request) -> Response:
        """Answers whenever the process does; looks at nothing else."""
        return Response({"status": "ok"})


class Health(APIView):
    """Says whether orders can be accepted and executed."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(**schema.HEALTH)
    def get(self, request: Request) -> Response:
        """200 ok or degraded (orders are accepted but may wait), 503 when none can be accepted."""
        writable, oldest, trading_on, refused = _database()
        workers = living_workers()
        chain = gateway.chain_health()
        checks: dict[str, Any] = {
            "database": "ok" if writable else "unavailable",
            "redis": "unavailable" if workers is None else "ok",
            "chain": _chain_text(chain),
            "workers": workers or 0,
            "oldestDueOrderSeconds": oldest,
            "trading": None if trading_on is None else "on" if trading_on else "off",
            "transactionsNotTaken": refused,
        }
        well = writable and bool(workers) and _chain_text(chain) == "ok" and bool(trading_on) and not refused
        body = {
            "status": "ok" if well else "degraded",
            "checks": checks,
            "slot": chain.slot,
            "pools": _pools() if writable else None,
            "nodes": [_node_as_wire(node) for node in chain.nodes],
        }
        return Response(body, status=200 if writable else 503)


def _node_as_wire(node: Any) -> dict[str, Any]:
    return {
        "name": node.name,
        "state": node.state.value,
        "slot": node.slot,
        "slotsBehind": node.slots_behind,
    }


def _pools() -> dict[str, Any]:
    """How many pools are known beforehand, and how the last look for more went."""
    last = PoolRefresh.objects.filter(network=settings.SOLANA_NETWORK).first()
    return {
        "known": KnownPool.objects.filter(network=settings.SOLANA_NETWORK).count(),
        "refreshedAt": None if last is None else timestamp(last.refreshed_at),
        "error": last.error_code or None if last else None,
    }


def _chain_text(chain: gateway.ChainHealth) -> str:
    if not chain.right_network:
        return "wrong network"
    return "ok" if chain.reachable else "unavailable"


def _database() -> tuple[bool, int | None, bool | None, int | None]:
    """Whether a write goes through, how long the oldest due order has waited, the kill switch.

    At last how many transactions are under way that the node does not take.
    """
    try:
        with transaction.atomic():
            # Changes no row, yet fails where a write would: read-only file, standby, full lock.
            Order.objects.filter(pk=_NOBODY).update(version=1)
        return True, oldest_due_seconds(), kill_switch.is_on(), attempts.not_taken()
    except Error:
        return False, None, None, None
