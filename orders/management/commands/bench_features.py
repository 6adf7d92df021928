"""`manage.py bench_features`: what market orders cost alone, and beside open orders of every type."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from orders.client.engine_address import find_engine
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine
from orders.management.commands.bench import await_engine, positive, price_swaps
from orders.proving.benchmark import bystanders
from orders.proving.benchmark.cpu_bound import ms_per_order
from orders.proving.benchmark.load import LoadGenerator, LoadPlan, Swap
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.processes import CpuMeter
from orders.proving.benchmark.records import RunRecords

_PAIRS: Final = (("SOL", "USDC"), ("USDC", "SOL"))
# Watchers take new orders up, and the last round's are settled and final, before the next one is measured.
_REST_SECONDS: Final = 15
_AT_REST_SECONDS: Final = 10
_READY_SECONDS, _FINAL_SECONDS = 30, 180
# On one venue an order pays for no other; on all it reads and quotes six.
_ON: Final[Mapping[str, Mapping[str, Any]]] = {"one venue": {"venues": ["raydium-cpmm"]}, "all venues": {}}


class Command(BaseCommand):
    """It reads the engine's database: start it with the engine's own DATA_DIR or DATABASE_URL."""

    help = "CPU an order of market orders alone, and beside open orders of every type, in turn."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=positive, default=500, metavar="N", help="a round")
        parser.add_argument("--rounds", type=positive, default=3, metavar="N", help="of each kind")
        parser.add_argument("--clients", type=positive, default=50, metavar="N")
        parser.add_argument("--each", type=positive, default=10, metavar="N", help="open orders of a type")
        parser.add_argument("--url", help="default: the engine that runs on DATA_DIR, else HOST and PORT")
        parser.add_argument("--token", default=os.environ.get("ORDER_ENGINE_TOKEN"), help="bearer token")

    def handle(self, *args: Any, **options: Any) -> None:
        url = (options["url"] or find_engine().url).rstrip("/")
        try:
            with RemoteEngine(url, options["token"]) as engine:
                await_engine(engine, _READY_SECONDS)
                if engine.network() != "localnet":
                    raise CommandError("this places orders of every type: it runs on localnet only")
                self._compare(engine, url, options)
        except (EngineRefused, EngineUnreachable) as error:
            raise CommandError(f"cannot measure: {error}") from error

    def _compare(self, engine: RemoteEngine, url: str, options: dict[str, Any]) -> None:
        self.stdout.write(machine_line())
        swaps = price_swaps(engine, _PAIRS, "0.01")
        plans = {name: self._plan(url, swaps, more, options) for name, more in _ON.items()}
        alone: dict[str, list[float]] = {name: [] for name in plans}
        beside: dict[str, list[float]] = {name: [] for name in plans}
        placed = 0
        # What every process does once is no round's.
        self._round(plans, {name: [] for name in plans})
        for _ in range(options["rounds"]):
            self._round(plans, alone)
            placed = bystanders.place(engine, options["each"])
            try:
                self._round(plans, beside)
            finally:
                bystanders.cancel(engine)
        for name in plans:
            self._print(name, alone[name], beside[name], placed)

    def _plan(self, url: str, swaps: Sequence[Swap], more: Mapping[str, Any], options: Any) -> LoadPlan:
        asked = [Swap(swap.token_in, swap.token_out, swap.amount, more) for swap in swaps]
        return LoadPlan(url, options["orders"], options["clients"], asked, "", options["token"])

    def _round(self, plans: Mapping[str, LoadPlan], found: dict[str, list[float]]) -> None:
        for name, plan in plans.items():
            time.sleep(_REST_SECONDS)
            found[name].append(_cpu_of(plan, _at_rest()))

    def _print(self, name: str, alone: Sequence[float], beside: Sequence[float], placed: int) -> None:
        more = (median(beside) / median(alone) - 1) * 100
        self.stdout.write(
            f"{name:<12} alone {_texts(alone)} ms an order, beside {placed} open orders {_texts(beside)}:"
            f" {more:+.1f} %; load average {os.getloadavg()[0]:.1f}"
        )


def _at_rest() -> float:
    """CPU milliseconds a second that the engine takes without orders to execute: what watches and samples."""
    meter = _meter()
    time.sleep(_AT_REST_SECONDS)
    return ms_per_order(meter.measure(), _AT_REST_SECONDS)


def _cpu_of(plan: LoadPlan, at_rest: float) -> float:
    """CPU milliseconds an order in all of the engine's processes, beyond what they take at rest."""
    run = f"features-{secrets.token_hex(4)}-"
    named = LoadPlan(plan.url, plan.orders, plan.clients, plan.swaps, run, plan.token)
    records, meter, began = RunRecords(run, timezone.now()), _meter(), time.monotonic()
    asyncio.run(LoadGenerator(named).run())
    if records.wait(_FINAL_SECONDS):
        raise EngineUnreachable("orders are not final in time")
    spent = ms_per_order(meter.measure(), plan.orders)
    return spent - at_rest * (time.monotonic() - began) / plan.orders


def _meter() -> CpuMeter:
    return CpuMeter(settings.DATA_DIR / "run", with_postgres=connection.vendor == "postgresql")


def _texts(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({' '.join(f'{value:.2f}' for value in values)})"
