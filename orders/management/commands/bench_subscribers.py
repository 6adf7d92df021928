"""`manage.py bench_subscribers`: many WebSockets on a running engine; was each sent everything?"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from orders.client.engine_address import find_engine
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine
from orders.management.commands.bench import await_engine, pairs, positive, price_swaps
from orders.models import Order
from orders.proving.benchmark.figures import spread
from orders.proving.benchmark.load import LoadPlan
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.processes import cpu_ms, engine_processes, rss_mib
from orders.proving.benchmark.records import RunRecords
from orders.proving.benchmark.subscriptions import SHAPES, Delivery, SubscriptionPlan, Subscriptions

_UNUSABLE: Final = 2
_PLACING_SECONDS: Final = 60
_FINAL_SECONDS: Final = 120
_DELIVERY_SECONDS: Final = 60
# daphne looks once per second for applications that have ended.
_RELEASE_SECONDS: Final = 5


class Web:
    """CPU time and memory of the engine's web processes."""

    def __init__(self) -> None:
        parts = engine_processes(settings.DATA_DIR / "run")
        self._pids = [pid for pid, name in parts.items() if name == "web"]

    def cpu_ms(self) -> int:
        """Milliseconds since they started."""
        return sum(cpu_ms(pid) or 0 for pid in self._pids)

    def rss_mib(self) -> int:
        """MiB that they hold now."""
        return sum(rss_mib(pid) for pid in self._pids)


class Command(BaseCommand):
    """Exit status: 0 when every subscriber got every event once and in order, 1 when not, 2 without engine.

    The engine must allow as many connections: SOCKETS_PER_USER, and the limit of open files.
    """

    help = "Open many WebSockets on a running engine, place orders, print delays, losses, CPU and memory."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscribers", type=positive, default=1000, metavar="N")
        parser.add_argument("--orders", type=positive, default=20, metavar="N", help="own: one a subscriber")
        parser.add_argument("--shape", choices=SHAPES, default="feed", help="who follows what")
        parser.add_argument("--rate", type=positive, default=50, metavar="N", help="own: orders per second")
        parser.add_argument("--clients", type=positive, default=4, metavar="N", help="posting at once")
        parser.add_argument("--pairs", type=pairs, default="SOL/USDC,USDC/SOL", metavar="A/B,C/D")
        parser.add_argument("--amount", default="0.01", help="of the first pair's first token, a swap")
        parser.add_argument("--url", help="default: the engine that runs on DATA_DIR, else HOST and PORT")
        parser.add_argument("--token", default=os.environ.get("ORDER_ENGINE_TOKEN"), help="bearer token")

    def handle(self, *args: Any, **options: Any) -> None:
        url = (options["url"] or find_engine().url).rstrip("/")
        try:
            with RemoteEngine(url, options["token"]) as engine:
                await_engine(engine, 30)
                swaps = price_swaps(engine, options["pairs"], options["amount"])
            orders = options["subscribers"] if options["shape"] == "own" else options["orders"]
            run = f"subscribers-{secrets.token_hex(4)}-"
            load = LoadPlan(url, orders, options["clients"], swaps, run, options["token"])
            plan = SubscriptionPlan(load, options["subscribers"], options["shape"], options["rate"])
            perfect = self._measure(plan)
        except (EngineRefused, EngineUnreachable, OSError) as error:
            raise CommandError(f"cannot measure: {error}", returncode=_UNUSABLE) from error
        sys.exit(0 if perfect else 1)

    def _measure(self, plan: SubscriptionPlan) -> bool:
        self.stdout.write(f"machine    {machine_line()}")
        delivery = asyncio.run(self._run(plan))
        delays = spread(delivery.delays_ms)
        if delays is not None:
            most = max(delivery.delays_ms)
            self.stdout.write(
                f"delay      p50 {delays.p50}  p95 {delays.p95}  p99 {delays.p99}  max {most:.1f} ms"
                f"  of {delays.count} live events"
            )
        self.stdout.write(
            f"delivered  {delivery.delivered} of {delivery.expected}: {delivery.missing} missing, "
            f"{delivery.repeated} repeated, {delivery.out_of_order} streams out of order"
        )
        refused = ", ".join(f"{code} {count}" for code, count in delivery.refusals.items())
        if refused:
            self.stdout.write(f"refused    {refused}")
        return is_perfect(delivery)

    async def _run(self, plan: SubscriptionPlan) -> Delivery:
        web, sockets, records = Web(), Subscriptions(plan), RunRecords(plan.load.run, timezone.now())
        memory, started = [f"{web.rss_mib()} before"], time.monotonic()
        await sockets.open_early()
        opening, cpu = time.monotonic() - started, web.cpu_ms()
        memory.append(f"{web.rss_mib()} with them")
        await sockets.place()
        left = await asyncio.to_thread(await_orders, records, plan.load)
        versions = await asyncio.to_thread(_versions, plan.load.run)
        await sockets.await_all(versions, _DELIVERY_SECONDS)
        spent = web.cpu_ms() - cpu
        memory.append(f"{web.rss_mib()} after the orders")
        await sockets.close()
        await asyncio.sleep(_RELEASE_SECONDS)
        memory.append(f"{web.rss_mib()} after all have gone")
        delivery = sockets.delivery(versions)
        self.stdout.write(
            f"load       {plan.subscribers} subscribers ({plan.shape}), {len(versions)} orders"
            f"{f', {left} not final' if left else ''}; opened in {opening:.1f} s"
        )
        self.stdout.write(f"web MiB    {', '.join(memory)}")
        each = spent / max(delivery.delivered, 1)
        self.stdout.write(f"web CPU    {spent} ms, {each:.3f} ms a delivered event")
        return delivery


def is_perfect(delivery: Delivery) -> bool:
    """Whether each subscriber got each event once and in order."""
    wrong = (delivery.missing, delivery.repeated, delivery.out_of_order)
    return delivery.expected > 0 and delivery.delivered == delivery.expected and not any(wrong)


def await_orders(records: RunRecords, load: LoadPlan) -> int:
    """Wait until all orders are there and final; how many are not when the time is up."""
    deadline = time.monotonic() + _PLACING_SECONDS
    while (missing := load.orders - len(_versions(load.run))) and time.monotonic() < deadline:
        time.sleep(0.2)
    return missing + records.wait(_FINAL_SECONDS)


def _versions(run: str) -> dict[str, int]:
    rows = Order.objects.filter(client_order_id__startswith=run).values_list("pk", "version")
    return {str(order_id): version for order_id, version in rows}
