"""The tables: orders with their transactions and events, and what is kept beside them.

Amounts are base units in signed 64-bit columns.
"""

from orders.models.access import AuditEntry, TokenScope
from orders.models.attempt import Attempt
from orders.models.figures import Counted, DayFigures, FiguresWatch
from orders.models.launches import (
    ANYTHING,
    Hold,
    Launch,
    LaunchRules,
    LaunchSource,
    LaunchWatch,
    OldPool,
    OpeningUnit,
)
from orders.models.order import Order
from orders.models.order_event import OrderEvent
from orders.models.pools import KnownPool, Mint, PoolRefresh, PoolState
from orders.models.prices import PriceSample, PriceWatch
from orders.models.trading import DaySales, TradingSwitch
from orders.models.waiting import OrderGroup, Schedule, Trigger, WatchedPair
from orders.models.worker_process import WorkerProcess
from orders.models.write_trial import WriteTrial

__all__ = [
    "ANYTHING",
    "Attempt",
    "AuditEntry",
    "Counted",
    "DayFigures",
    "DaySales",
    "FiguresWatch",
    "Hold",
    "KnownPool",
    "Launch",
    "LaunchRules",
    "LaunchSource",
    "LaunchWatch",
    "Mint",
    "OldPool",
    "OpeningUnit",
    "Order",
    "OrderEvent",
    "OrderGroup",
    "PoolRefresh",
    "PoolState",
    "PriceSample",
    "PriceWatch",
    "Schedule",
    "TokenScope",
    "TradingSwitch",
    "Trigger",
    "WatchedPair",
    "WorkerProcess",
    "WriteTrial",
]
