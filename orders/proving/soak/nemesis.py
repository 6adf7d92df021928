"""Breaks a random part every few seconds and repairs it again. The seed decides what, the clock when."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from orders.proving.soak.processes import RigProcess
from orders.proving.soak.rig import Rig

Break = Callable[[], None]

_LEAST_PAUSE, _MOST_PAUSE = 2, 5
# Longer than the lease of FAST_SETTINGS, so that another worker takes over meanwhile.
_FREEZE_SECONDS: Final = 4
_SHORT_SECONDS: Final = 2
_PAST_EXPIRY_SLOTS: Final = 170
_METHODS: Final = ("sendTransaction", "getSignatureStatuses", "getMultipleAccounts", "getTransaction", "*")
_KINDS: Final = ("drop", "land_error", "land_drop", "busy", "unavailable", "garbage", "behind")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can go wrong, and how it is brought about; it is over when ``happen`` returns."""

    name: str
    happen: Break


class Nemesis:
    """Draws faults for one rig. Use it from the main thread: it starts processes."""

    def __init__(self, rig: Rig, seed: int, further: Sequence[Fault] = ()) -> None:
        self._rig = rig
        self._random = random.Random(seed)  # noqa: S311 -- repeatable, not secret
        self._pause = threading.Event()
        self._faults = [*self._of_processes(), *self._of_lines(), *self._of_the_node(), *further]
        if rig.database_url.startswith("sqlite"):
            self._faults.append(Fault("database locked", self._lock_database))

    def strike(self) -> str:
        """Wait a little, let one fault happen, and say which."""
        self._wait(self._random.randint(_LEAST_PAUSE, _MOST_PAUSE))
        fault = self._random.choice(self._faults)
        fault.happen()
        return fault.name

    def _of_processes(self) -> list[Fault]:
        faults = [Fault(f"kill -9 {p.name}", partial(self._restart, p, p.kill)) for p in self._rig.parts]
        graceful = (self._rig.web, *self._rig.workers)
        faults += [Fault(f"SIGTERM {p.name}", partial(self._restart, p, p.terminate)) for p in graceful]
        frozen = (*self._rig.workers, self._rig.valkey)
        faults += [Fault(f"freeze {part.name}", partial(self._freeze, part)) for part in frozen]
        return [*faults, Fault("kill -9 all workers", self._kill_workers)]

    def _of_lines(self) -> list[Fault]:
        faults: list[Fault] = []
        for name, line in (("redis", self._rig.redis_line), ("node", self._rig.rpc_line)):
            restore = line.pass_through
            faults += [
                Fault(f"cut the line to {name}", line.cut),
                Fault(f"the line to {name} swallows", partial(self._for_a_while, line.blackhole, restore)),
                Fault(
                    f"the line to {name} is slow",
                    partial(self._for_a_while, partial(line.delay, 200), restore),
                ),
            ]
        return faults

    def _of_the_node(self) -> list[Fault]:
        return [
            Fault("FLUSHALL", self._rig.flush_redis),
            Fault("the node misbehaves", self._misbehave),
            Fault("the node swallows transactions", self._swallow),
            Fault("time passes", self._let_transactions_expire),
        ]

    def _restart(self, part: RigProcess, end: Callable[[], object]) -> None:
        end()
        self._wait(self._random.choice((0, 1, 2)))
        part.start()

    def _freeze(self, part: RigProcess) -> None:
        part.freeze()
        self._wait(_FREEZE_SECONDS)
        part.thaw()

    def _kill_workers(self) -> None:
        for worker in self._rig.workers:
            worker.kill()
        for worker in self._rig.workers:
            worker.launch()
        for worker in self._rig.workers:
            worker.await_ready()

    def _for_a_while(self, begin: Break, end: Break) -> None:
        begin()
        self._wait(_SHORT_SECONDS)
        end()

    def _misbehave(self) -> None:
        method, kind = self._random.choice(_METHODS), self._random.choice(_KINDS)
        self._rig.chain.fault(method, kind, self._random.randint(1, 10))

    def _swallow(self) -> None:
        self._rig.chain.fault("sendTransaction", "swallow", self._random.randint(1, 20))

    def _let_transactions_expire(self) -> None:
        self._rig.chain.call("localnet_advance", {"slots": _PAST_EXPIRY_SLOTS})

    def _lock_database(self) -> None:
        other = sqlite3.connect(self._rig.folder / "engine.sqlite3", timeout=20, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        self._wait(_SHORT_SECONDS)
        other.execute("ROLLBACK")
        other.close()

    def _wait(self, seconds: int) -> None:
        self._pause.wait(seconds)
