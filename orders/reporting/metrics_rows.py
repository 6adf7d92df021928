"""What the rows say at the time of a scrape. Every web process gives the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from orders import gateway
from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import ACTIVE, AttemptState, Status
from orders.models import Attempt
from orders.pipeline.followed import waiting_for_somebody
from orders.pipeline.sweeper import oldest_due_seconds
from orders.records import (
    attempts,
    kill_switch,
    launch_watch,
    leases,
    network_lease,
    open_orders,
    watched_pairs,
)
from orders.reporting.workers import living_workers


class RowMetrics(Collector):
    """Gauges over orders under work. Counting ended orders would read the whole table."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "orders_oldest_due_seconds",
            "For how long the oldest due order that no worker holds has waited",
            value=oldest_due_seconds(),
        )
        yield _by_status()
        yield GaugeMetricFamily(
            "orders_attempts_open",
            "Signed transactions whose outcome the chain has not decided yet",
            value=Attempt.objects.filter(
                state=AttemptState.OPEN, order__network=settings.SOLANA_NETWORK
            ).count(),
        )
        yield GaugeMetricFamily(
            "orders_attempts_not_taken",
            "Signed transactions under way that were sent again, and not taken by the node the last time",
            value=attempts.not_taken(),
        )
        yield GaugeMetricFamily(
            "orders_set_apart",
            "Orders that wait for somebody to look at them, and for no worker",
            value=waiting_for_somebody().count(),
        )
        yield GaugeMetricFamily(
            "orders_unfinalized",
            "Confirmed orders whose block is not final yet",
            value=leases.ours().filter(status=Status.CONFIRMED, finalized_at__isnull=True).count(),
        )
        yield GaugeMetricFamily(
            "orders_open", "Orders that wait for their trigger", value=open_orders.count()
        )
        yield _without_price()
        yield from _launch_watch()
        yield GaugeMetricFamily(
            "orders_trading_on",
            "1 while new transactions may be signed, else 0",
            value=int(kill_switch.is_on()),
        )
        yield from _nodes()
        workers = living_workers()
        if workers is not None:
            yield GaugeMetricFamily(
                "orders_workers", "Workers that have shown a sign of life lately", value=workers
            )


def _without_price() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "orders_pair_without_price_seconds",
        "For how long a pair of open orders has had no price; only those without one",
        labels=["token_in", "token_out"],
    )
    for row, seconds in watched_pairs.unpriced(timezone.now()):
        family.add_metric([row.token_in, row.token_out], seconds)
    return family


def _launch_watch() -> Iterator[GaugeMetricFamily]:
    watch = launch_watch.state()
    holds = watch is not None and network_lease.is_held(watch)
    yield GaugeMetricFamily("orders_launch_watch", "1 while a worker watches for new pools", value=int(holds))
    yield GaugeMetricFamily(
        "orders_launch_subscribed",
        "1 while that worker has all its subscriptions to new pools",
        value=int(watch is not None and holds and watch.is_subscribed),
    )


def _nodes() -> Iterator[GaugeMetricFamily]:
    """As this web process sees them; every worker looks for itself."""
    well = GaugeMetricFamily("orders_node_ok", "1 for a Solana node that is asked", labels=["node"])
    behind = GaugeMetricFamily("orders_node_slots_behind", "Slots behind the best node", labels=["node"])
    for node in gateway.node_reports():
        well.add_metric([node.name], int(node.state == "ok"))
        if node.slots_behind is not None:
            behind.add_metric([node.name], node.slots_behind)
    yield from (well, behind)


def _by_status() -> GaugeMetricFamily:
    family = GaugeMetricFamily("orders_active", "Orders under work by status", labels=["status"])
    rows: Any = leases.ours().filter(IS_ACTIVE).values("status").annotate(orders=Count("pk"))
    counts = {row["status"]: row["orders"] for row in rows.order_by()}
    for status in sorted(ACTIVE):
        family.add_metric([status.value], counts.get(status.value, 0))
    return family
