"""Random faults on an engine of its own, under load, checked from the chain at the end."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.proving.soak.nemesis import Nemesis
from orders.proving.soak.rig import Rig, RigPlan
from orders.proving.soak.traffic import Traffic
from orders.proving.soak.waiting_orders import WaitingTraffic

SECONDS_PER_MINUTE = 60
LEAST_ORDERS = 200
BOUND_SECONDS = 180
TIP_LAMPORTS = 1_000


class Command(BaseCommand):
    help = "Breaks parts of a throw-away engine under orders of every type, then checks every promise."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, help="repeat the faults and orders of an earlier run")
        parser.add_argument("--minutes", type=int, default=2)
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--database-url", help="an empty PostgreSQL database; default: a SQLite file")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = options["seed"] if options["seed"] is not None else secrets.randbelow(1_000_000)
        folder = Path(tempfile.mkdtemp(prefix="oee-soak-"))
        self.stdout.write(f"seed {seed}, {options['minutes']} min, logs in {folder / 'rig' / 'logs'}")
        plan = RigPlan(folder / "rig", options["database_url"], options["workers"], tip_lamports=TIP_LAMPORTS)
        rig = Rig(plan)
        try:
            rig.start()
            summary = self._soak(rig, seed, options["minutes"])
        except AssertionError as error:
            raise CommandError(f"FAIL (seed {seed}, everything is kept in {folder}):\n{error}") from error
        finally:
            rig.stop()
        self.stdout.write(f"PASS seed {seed}: {summary}")
        shutil.rmtree(folder)

    def _soak(self, rig: Rig, seed: int, minutes: int) -> str:
        nemesis, traffic = Nemesis(rig, seed), Traffic(rig.client, seed)
        waiting = WaitingTraffic(rig.client, seed)
        started, faults = time.monotonic(), Counter[str]()
        traffic.start()
        waiting.start()
        while (
            time.monotonic() < started + minutes * SECONDS_PER_MINUTE
            or len(rig.client.accepted) < LEAST_ORDERS
        ):
            name = nemesis.strike()
            faults[name] += 1
            at = round(time.monotonic() - started)
            self.stdout.write(f"{at:>5} s  {name}  ({len(rig.client.accepted)} orders)")
        rig.restore()
        traffic.stop()
        waiting.stop()
        if failures := [*traffic.failures, *waiting.failures]:
            raise AssertionError("\n".join(failures))
        waiting.end(rig.books)
        rig.verify(BOUND_SECONDS)
        return f"{sum(faults.values())} faults of {len(faults)} kinds; every promise kept\n{_ends(rig)}"


def _ends(rig: Rig) -> str:
    """How many orders of each type came to which end, a line a type."""
    rows = Counter((order.type, order.status) for order in rig.books.orders().values())
    types = sorted({kind for kind, _ in rows})
    counts = {
        kind: [f"{n} {status}" for (of, status), n in sorted(rows.items()) if of == kind] for kind in types
    }
    return "\n".join(f"  {kind}: {', '.join(found)}" for kind, found in counts.items())
