"""The threads of one engine process, made at its start and handed to what uses them.

web (`orderengine.asgi`)    hint publisher, dispatcher, group commit
worker (`orders.tasks`)     the same, heartbeat, stage limit, settlement poller, sweeper, watchers of prices
                            and of new pools, snipers, price history, figures

Threads are started at first use, those of stage limit, heartbeat, sweeper and watchers by ``start``. Nothing
else makes one: a process that has not been started, a management command say, writes its orders itself, sends
no hints, and leaves all else to the workers.
"""

from __future__ import annotations

from orders.intake import group_commit
from orders.intake.group_commit import GroupCommit
from orders.launches.snipers import Snipers
from orders.launches.watcher import LaunchWatcher
from orders.notify import hints
from orders.notify.hint_publisher import HintPublisher
from orders.pipeline.dispatch import Dispatcher
from orders.pipeline.fleet import Heartbeat
from orders.pipeline.poller import Poller
from orders.pipeline.stage_limit import StageLimit
from orders.pipeline.sweeper import Sweeper
from orders.platform.right_of_way import RightOfWay
from orders.reporting.counting import Counting
from orders.triggers.price_history import PriceHistory
from orders.triggers.watcher import Watcher


class Process:
    """What runs in a process beside its requests or tasks. ``worker_name`` is its name in the fleet."""

    def __init__(self, worker_name: str = "") -> None:
        self.publisher = HintPublisher()
        self.dispatcher = Dispatcher()
        self.group_commit = GroupCommit(self.dispatcher.announce)
        self.stage_limit = StageLimit()
        self.poller = Poller(self.dispatcher.at_due_time, self.stage_limit)
        self.heartbeat = Heartbeat(worker_name, self.stage_limit)
        self.sweeper = Sweeper(worker_name, self.poller, self.dispatcher.publish, self.stage_limit)
        self.price_history = PriceHistory()
        self.counting = Counting()
        self.watcher = Watcher(self.dispatcher.at_due_time)
        self.right_of_way = RightOfWay()
        self.snipers = Snipers(
            lambda: self.launches.is_at_work,
            self.dispatcher.at_due_time,
            self.poller.watch,
            self.right_of_way,
        )
        self.launches = LaunchWatcher(self.snipers.take_news, self.snipers.wake)

    def start(self) -> None:
        """Put the parts in place of those that this process used before."""
        use(self)
        hints.use(self.publisher)
        group_commit.use(self.group_commit)

    def stop(self) -> None:
        """Use the parts no more; returns when their threads have ended, but the sweeper's."""
        use(None)
        group_commit.use(None)
        hints.use(None)
        self.sweeper.stop()
        for part in (
            self.watcher,
            self.price_history,
            self.counting,
            self.launches,
            self.snipers,
            self.heartbeat,
            self.poller,
            self.group_commit,
            self.dispatcher,
            self.publisher,
        ):
            part.stop()
        self.stage_limit.stop()


_current: Process | None = None


def use(process: Process | None) -> None:
    """Have tasks of this process find ``process``."""
    global _current
    _current = process


def is_started() -> bool:
    """Whether `current` has one to give."""
    return _current is not None


def current() -> Process:
    """The one that was started; raises RuntimeError where none was."""
    if _current is None:
        raise RuntimeError("this process was not started: it runs no stages")
    return _current
