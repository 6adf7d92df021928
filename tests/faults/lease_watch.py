"""Watches from outside whether an order is ever taken from a worker that lives, before its lease is over."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from orders.lifecycle import Status

_SAMPLE_SECONDS: Final = 0.03
# The first half of a lease's token names its process.
_OF_A_PROCESS: Final = 16
_HELD: Final = """
    SELECT id, status, version, starts, lease_token, lease_until FROM orders_order
    WHERE lease_token IS NOT NULL AND lease_until IS NOT NULL
"""
_BURIED: Final = re.compile(r"\(process (\d+)\) has died")


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds an order in which state, until when; ``starts`` counts claims that were not given back."""

    holder: str
    status: str
    version: int
    starts: int
    until: datetime


@dataclass(slots=True)
class LeaseWatch:
    """Samples the leases of an engine on SQLite some thirty times a second."""

    database: Path
    logs: Path
    killed: set[int] = field(default_factory=set)
    thefts: list[str] = field(default_factory=list)
    samples: int = 0
    _before: dict[str, Held] = field(default_factory=dict)
    _pids: dict[str, int] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch from now on."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> list[str]:
        """Watch no more; what was taken from the living, one line each."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(60)
        return self.thefts + [f"process {pid} was buried alive" for pid in self._buried() - self.killed]

    def _buried(self) -> set[int]:
        texts = [path.read_text(errors="replace") for path in self.logs.glob("worker-*.log")]
        return {int(found) for text in texts for found in _BURIED.findall(text)}

    def _watch(self) -> None:
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as connection:
            while not self._stopped.wait(_SAMPLE_SECONDS):
                self._sample(connection)

    def _sample(self, connection: sqlite3.Connection) -> None:
        for key, pid in connection.execute("SELECT id, pid FROM orders_workerprocess"):
            self._pids[key[:_OF_A_PROCESS]] = pid
        now = datetime.now(UTC)
        held = {row[0]: _held(row) for row in connection.execute(_HELD)}
        for order_id, one in held.items():
            before = self._before.get(order_id)
            if before is not None and self._was_taken(before, one, now):
                self.thefts.append(f"order {order_id}: taken from {before} by {one.holder} at {now}")
        self._before = held
        self.samples += 1

    def _was_taken(self, before: Held, after: Held, now: datetime) -> bool:
        if after.holder == before.holder or after.version != before.version:
            return False
        # A stage begins with one start more; it takes that off again where it gives an order back, and all of
        # them with its step. Who follows a submitted order never gives it back.
        is_claim_over_claim = 0 < before.starts < after.starts
        is_taken = is_claim_over_claim or before.status == after.status == Status.SUBMITTED
        return is_taken and now < before.until and self._pids.get(before.holder) not in self.killed


def _held(row: tuple[str, str, int, int, str, str]) -> Held:
    _, status, version, starts, token, until = row
    return Held(
        token[:_OF_A_PROCESS], status, version, starts, datetime.fromisoformat(until).replace(tzinfo=UTC)
    )
