"""What the demo places, at which of its prices each ends, and what each must have done by then.

Prices are per cent of the one that the demo begins with. It goes to 108, back to 100, and down to 92.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from orders.lifecycle import FINAL, FailureReason, Status

Wire = Mapping[str, Any]
START, RISEN, BACK, FALLEN = 100, 108, 100, 92
# The price after each move, in the order in which the demo makes them.
MOVES: Final = (START, RISEN, BACK, FALLEN)
_ENTRY, _ROUND = "entry", "round"


@dataclass(frozen=True, slots=True)
class Case:
    """An order, the move (an index of `MOVES`) after which it ends, and the prices that it may be filled at.

    ``low`` and ``high`` are per cent of the first price; ``fills`` is the role of the one of a group that is
    filled. Without prices the order is to fail with ``fails_with``.
    """

    name: str
    should: str
    ends_after: int
    low: int = 0
    high: int = 0
    fills: str = ""
    fails_with: str = ""
    sells: str = "SOL"
    # Per cent of the price by the field's name; dotted names are of nested objects.
    prices: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def request(self, price: Decimal, key: str) -> dict[str, Any]:
        """The body of the order; buyers spend what one SOL costs."""
        buys = self.sells != "SOL"
        found: dict[str, Any] = {
            "tokenIn": self.sells,
            "tokenOut": "SOL" if buys else "USDC",
            "amountIn": str(price) if buys else "1",
            "clientOrderId": key,
            **self.fields,
        }
        for name, percent in self.prices.items():
            outer, _, inner = name.rpartition(".")
            (found.setdefault(outer, {}) if outer else found)[inner] = str(at(price, percent))
        return found


def at(price: Decimal, percent: int) -> Decimal:
    """So much of a price, to six places."""
    return (price * percent / 100).quantize(Decimal("0.000001"))


CASES: Final[Sequence[Case]] = (
    Case(
        "limit ioc",
        "2 % below the price: one try at once, and filled",
        0,
        *(98, 100),
        prices={"limitPrice": 98},
        fields={"type": "limit", "timeInForce": "ioc"},
    ),
    Case(
        "limit fok",
        "6 % above the price: one try at once, and no fill",
        0,
        fails_with=FailureReason.SLIPPAGE_EXCEEDED,
        prices={"limitPrice": 106},
        fields={"type": "limit", "timeInForce": "fok"},
    ),
    Case(
        "dca",
        "three rounds at market, two seconds apart, within 95 and 105 %",
        0,
        *(98, 101),
        prices={"minPrice": 95, "maxPrice": 105},
        fields={"type": "dca", "rounds": 3, "intervalSeconds": 2},
    ),
    Case(
        "limit",
        "filled at 106 % or better",
        1,
        *(106, 109),
        prices={"limitPrice": 106},
        fields={"type": "limit"},
    ),
    Case(
        "take_profit",
        "fires at 106 % and is sold at market",
        1,
        *(105, 109),
        prices={"triggerPrice": 106},
        fields={"type": "take_profit"},
    ),
    Case(
        "oco",
        "its limit is filled at 106 % or better, its stop at 88 % is cancelled with it",
        1,
        *(106, 109),
        fills="take_profit",
        prices={"takeProfit.limitPrice": 106, "stopLoss.triggerPrice": 88},
        fields={"orderClass": "oco"},
    ),
    Case(
        "trailing_stop",
        "follows to 108 %, fires 5 % below: at 102.6 % or less",
        2,
        *(95, 103),
        fields={"type": "trailing_stop", "trailBps": 500},
    ),
    Case(
        "stop",
        "fires at 94 % or less, in two slots in a row",
        3,
        *(85, 94),
        prices={"triggerPrice": 94},
        fields={"type": "stop"},
    ),
    Case(
        "stop_limit",
        "fires at 94 % or less, is filled at 85 % or better",
        3,
        *(85, 94),
        prices={"triggerPrice": 94, "limitPrice": 85},
        fields={"type": "stop_limit"},
    ),
    Case(
        "bracket",
        "buys SOL at once; of its exits the stop at 94 % is filled, the limit at 120 % is cancelled",
        3,
        *(85, 94),
        fills="stop_loss",
        sells="USDC",
        prices={"takeProfit.limitPrice": 120, "stopLoss.triggerPrice": 94},
        fields={"orderClass": "bracket", "priceOf": "tokenOut"},
    ),
)


def has_ended(case: Case, orders: Sequence[Wire]) -> bool:
    """Whether all orders of a case are final; a bracket's exits come with its entry's end."""
    whole = 3 if case.name == "bracket" else 1
    return len(orders) >= whole and all(Status(order["status"]) in FINAL for order in orders)


def fault_of(case: Case, orders: Sequence[Wire], price: Decimal) -> str:
    """What a case did that it should not have, by its orders at the end; empty if nothing."""
    exits = [order for order in orders if order.get("groupRole") not in (_ENTRY, _ROUND)]
    entries = [order for order in orders if order.get("groupRole") == _ENTRY]
    if any(entry["status"] != Status.CONFIRMED for entry in entries):
        return "the entry was not filled"
    rounds = [order for order in orders if order.get("groupRole") == _ROUND]
    if any(each["status"] != Status.CONFIRMED for each in rounds) or len(rounds) != case.fields.get(
        "rounds", 0
    ):
        return f"{len(rounds)} rounds were placed, not all of them filled"
    filled = [order for order in exits if order["status"] == Status.CONFIRMED]
    if case.fails_with:
        [order] = exits
        wanted = order["status"] == Status.FAILED and order["error"]["code"] == case.fails_with
        return "" if wanted else f"it did not fail with {case.fails_with}"
    if len(filled) != 1:
        return f"{len(filled)} were filled instead of one"
    [one] = filled
    if case.fills and one["groupRole"] != case.fills:
        return f"the {one['groupRole']} was filled instead of the {case.fills}"
    others = [order for order in exits if order is not one]
    if any(_reason(order) != FailureReason.SIBLING_FIRED for order in others):
        return "the other was not cancelled with it"
    executed = Decimal(one["executedPrice"])
    if not at(price, case.low) <= executed <= at(price, case.high):
        return f"filled at {executed}: not {at(price, case.low):f} to {at(price, case.high):f}"
    return ""


def did(orders: Sequence[Wire], price: Decimal) -> str:
    """What the orders of a case have done, in words."""
    return "; ".join(_one(order, price) for order in orders)


def _one(order: Wire, price: Decimal) -> str:
    role = f"{order['groupRole']} " if order.get("groupRole") else ""
    if order["status"] == Status.CONFIRMED and order["tokenIn"] == "SOL":
        executed = Decimal(order["executedPrice"])
        return f"{role}confirmed at {executed:f} USDC, {executed * 100 / price:.1f} %"
    reason = _reason(order)
    return f"{role}{order['status']}{f' ({reason})' if reason else ''}"


def _reason(order: Wire) -> str:
    return str((order.get("error") or {}).get("code", ""))
