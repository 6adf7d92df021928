"""`manage.py bench`: load on a running engine, its figures, and proof that each order swapped once."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from orders import gateway
from orders.client.engine_address import find_engine
from orders.client.real_money import require_yes
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine
from orders.errors import ChainUnavailable
from orders.gateway.audit import WalletAudit
from orders.lifecycle import FINAL
from orders.models import Order
from orders.proving.benchmark.chain_check import ChainBooks, check_run
from orders.proving.benchmark.cpu_bound import check_cpu, ms_per_order, recorded_cpu
from orders.proving.benchmark.figures import figures, spread
from orders.proving.benchmark.load import ACCEPTED, LoadGenerator, LoadPlan, Sample, Settled, Swap
from orders.proving.benchmark.machine import machine_line
from orders.proving.benchmark.mixed import mixed_swaps
from orders.proving.benchmark.processes import CpuMeter
from orders.proving.benchmark.quote_check import KindCount, check_quotes
from orders.proving.benchmark.records import RunRecords
from orders.proving.benchmark.report import Report
from orders.wire.batches import MOST_ORDERS

_UNUSABLE: Final = 2
_ORDERS: Final = 3000
_MIXED_ORDERS: Final = 300
_END_POLL_SECONDS: Final = 0.05


class Command(BaseCommand):
    """Exit status: 0 when every check holds, 1 when one does not, 2 when there is no usable engine.

    It reads the engine's database and chain, so it must be started with the engine's own DATA_DIR
    or DATABASE_URL.
    """

    help = "Post many orders at a running engine, print the figures, check the chain."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=positive, metavar="N", help="default 3000, mixed 300")
        parser.add_argument("--clients", type=positive, default=50, metavar="N", help="connections at once")
        parser.add_argument("--pairs", type=pairs, default="SOL/USDC,USDC/SOL", metavar="A/B,C/D")
        parser.add_argument("--amount", default="0.01", help="of the first pair's first token, a swap")
        parser.add_argument(
            "--batch", type=batch_size, default=1, metavar="N", help="orders a post, at most 100"
        )
        parser.add_argument("--one-at-a-time", action="store_true", help="a client waits for the end first")
        parser.add_argument(
            "--mixed",
            action="store_true",
            help="of every kind and venue over localnet's tokens, one at a time, each held to its quote",
        )
        parser.add_argument("--url", help="default: the engine that runs on DATA_DIR, else HOST and PORT")
        parser.add_argument("--token", default=os.environ.get("ORDER_ENGINE_TOKEN"), help="bearer token")
        parser.add_argument("--ready-timeout", type=positive, default=30, metavar="SECONDS")
        parser.add_argument("--final-timeout", type=positive, default=180, metavar="SECONDS")
        parser.add_argument("--yes", action="store_true", help="spend real money without a question")
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
        parser.add_argument(
            "--cpu-bound",
            type=recorded_cpu,
            metavar="FILE",
            help="fail when an order takes far more CPU than FILE says, as docs/cpu-per-order.json does",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address = find_engine()
        url = (options["url"] or address.url).rstrip("/")
        if options["mixed"]:
            options |= {"clients": 1, "one_at_a_time": True, "batch": 1}
        options["orders"] = options["orders"] or (_MIXED_ORDERS if options["mixed"] else _ORDERS)
        try:
            with RemoteEngine(url, options["token"]) as engine:
                wallet = await_engine(engine, options["ready_timeout"])
                swaps = swaps_of(engine, options)
                network = engine.network() if options["url"] else address.network
            require_yes(network, f"swap {options['orders']} times", yes=options["yes"])
            plan = LoadPlan(
                url=url,
                orders=options["orders"],
                clients=options["clients"],
                swaps=swaps,
                run=f"bench-{secrets.token_hex(4)}-",
                token=options["token"],
                batch=options["batch"],
            )
            audit = WalletAudit(address.rpc_urls, wallet)
            report = self._measure(plan, audit, options)
        except (EngineRefused, EngineUnreachable, ChainUnavailable) as error:
            raise CommandError(f"cannot measure: {error}", returncode=_UNUSABLE) from error
        if options["json"] is not None:
            options["json"].write_text(json.dumps(report.as_data(), indent=2) + "\n")
        for line in report.lines():
            self.stdout.write(line)
        sys.exit(0 if report.passed else 1)

    def _measure(self, plan: LoadPlan, audit: WalletAudit, options: dict[str, Any]) -> Report:
        records = RunRecords(plan.run, timezone.now())
        before, last = audit.balances(), audit.newest_signature()
        meter = CpuMeter(settings.DATA_DIR / "run", with_postgres=connection.vendor == "postgresql")
        settled = await_final if options["one_at_a_time"] else None
        samples = self._load(plan, settled)
        left = records.wait(options["final_timeout"])
        usage = meter.measure()
        if left:
            self.stderr.write(f"{left} orders are not final after {options['final_timeout']} s")
        found = records.read()
        accepted = {sample.order_id for sample in samples if sample.code == ACCEPTED}
        if accepted and not found:
            raise EngineUnreachable(
                "its orders are not in this database: set DATA_DIR or DATABASE_URL as it has"
            )
        signatures = [record.signature for record in found if record.signature]
        landed, succeeded = audit.landed_since(last), audit.succeeded(signatures)
        books = ChainBooks(before, audit.balances(), landed, succeeded)
        checks = check_run(accepted, found, books)
        kinds: list[KindCount] = []
        if options["mixed"]:
            swaps = [(one.signature, one.token_in, one.token_out) for one in found if one.signature]
            venues = gateway.venue_brands()
            kinds, more = check_quotes(found, records.routes(), audit.moved(swaps), venues)
            checks += more
        audit.close()
        if options["cpu_bound"] is not None:
            checks.append(check_cpu(options["cpu_bound"], machine_line(), ms_per_order(usage, plan.orders)))
        setup = f"{plan.orders} orders, {plan.clients} clients"
        setup += f", {plan.batch} a post" if plan.batch > 1 else ""
        setup += ", one at a time" if settled else ""
        steps = {name: spread(times) for name, times in records.steps().items()}
        return Report(machine_line(), setup, figures(samples, found), usage, checks, kinds, steps)

    def _load(self, plan: LoadPlan, settled: Settled | None) -> list[Sample]:
        named = [f"{swap.amount} {swap.token_in} to {swap.token_out}" for swap in plan.swaps if swap.amount]
        swaps = ", ".join(named) or "of every kind"
        self.stderr.write(f"posting {plan.orders} orders with {plan.clients} clients: {swaps}")
        return asyncio.run(LoadGenerator(plan, settled).run())


def await_engine(engine: RemoteEngine, timeout_seconds: int) -> str:
    """The wallet's address once the engine answers; raises EngineUnreachable when the time is up."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            wallet = engine.tokens()["wallet"]
        except EngineUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
            continue
        if not wallet:
            raise EngineUnreachable("the engine does not say which wallet it swaps with")
        return str(wallet)


def swaps_of(engine: RemoteEngine, options: Mapping[str, Any]) -> list[Swap]:
    """The swaps that the command line asks for."""
    if options["mixed"]:
        return mixed_swaps(engine.quotes, options["orders"])
    return price_swaps(engine, options["pairs"], options["amount"])


def price_swaps(engine: RemoteEngine, wanted: Sequence[tuple[str, str]], amount: str) -> list[Swap]:
    """The swaps of a run: each pair spends what ``amount`` of the first token is worth now."""
    base = wanted[0][0]
    amounts = {base: amount}
    for token_in, _ in wanted:
        if token_in not in amounts:
            amounts[token_in] = engine.quote(base, token_in, amount)["best"]["amountOut"]
    return [Swap(token_in, token_out, amounts[token_in]) for token_in, token_out in wanted]


async def await_final(order_id: str) -> None:
    """Wait until the record of an order is final."""
    while not await Order.objects.filter(pk=order_id, status__in=FINAL).aexists():  # noqa: ASYNC110
        # Another process writes the row: there is nothing here that could wake this one up.
        await asyncio.sleep(_END_POLL_SECONDS)


def positive(text: str) -> int:
    """A whole number above zero of the command line."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above zero")
    return int(text)


def batch_size(text: str) -> int:
    """As many orders as one post may hold."""
    size = positive(text)
    if size > MOST_ORDERS:
        raise argparse.ArgumentTypeError(f"one post holds at most {MOST_ORDERS} orders")
    return size


def pairs(text: str) -> list[tuple[str, str]]:
    """Pairs of the command line, as SOL/USDC,USDC/SOL."""
    found = [tuple(part.strip() for part in pair.split("/")) for pair in text.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in found):
        raise argparse.ArgumentTypeError(f"{text} is not a list of pairs like SOL/USDC,USDC/SOL")
    return [(pair[0], pair[1]) for pair in found]
