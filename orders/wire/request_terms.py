"""What a request says of an order that waits: its prices, when it fires, and the orders that go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from orders.amounts import decimal_text
from orders.lifecycle import TimeInForce
from orders.wire import request_fields
from orders.wire.json_types import AMOUNT, INSTANT, integer, one_of
from orders.wire.launch_terms import SniperTerms
from orders.wire.message import Field, Message, ref
from orders.wire.request_fields import Readers, object_of, optional, wire, within

LEAST_TRAIL_BPS: Final = 50
MOST_TRAIL_BPS: Final = 9_000
_MOST_CONFIRMATIONS: Final = 100
# Which token a price is of: what one of the token in brings, or what one of the token out costs.
SELLERS_WAY: Final = "tokenIn"
BUYERS_WAY: Final = "tokenOut"
LEAST_ROUNDS: Final = 2
MOST_ROUNDS: Final = 1_000
MOST_INTERVAL_SECONDS: Final = 366 * 86_400
SIMPLE: Final = "simple"
OCO: Final = "oco"
BRACKET: Final = "bracket"


@dataclass(frozen=True, slots=True)
class ExitTerms:
    """An order that ends a position: a limit order, or one that a trigger fires."""

    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    slippage_bps: int | None = None
    confirmations: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a group keeps it until its entry is confirmed."""
        found: dict[str, Any] = {
            "limitPrice": decimal_text(self.limit_price),
            "triggerPrice": decimal_text(self.trigger_price),
            "slippageBps": self.slippage_bps,
            "confirmations": self.confirmations,
        }
        return {name: value for name, value in found.items() if value is not None}


def _confirmations(value: object) -> int:
    number = request_fields.basis_points(value)
    if not 1 <= number <= _MOST_CONFIRMATIONS:
        raise ValueError(f"an integer from 1 to {_MOST_CONFIRMATIONS}")
    return number


def _trail(value: object) -> int:
    trail_bps = request_fields.basis_points(value)
    if not LEAST_TRAIL_BPS <= trail_bps <= MOST_TRAIL_BPS:
        raise ValueError(f"an integer of basis points from {LEAST_TRAIL_BPS} to {MOST_TRAIL_BPS}")
    return trail_bps


def _one_of(*words: str) -> Callable[[object], str]:
    by_spelling = {request_fields.spelling(word): word for word in words}

    def read(value: object) -> str:
        found = by_spelling.get(request_fields.spelling(request_fields.word(value)))
        if found is None:
            raise ValueError(f"one of {', '.join(words)}")
        return found

    return read


_EXIT_READERS: Final[Readers] = {
    "limitPrice": ("limit_price", request_fields.price),
    "triggerPrice": ("trigger_price", request_fields.price),
    "slippageBps": ("slippage_bps", request_fields.basis_points),
    "confirmations": ("confirmations", _confirmations),
}
_LIMIT_PRICE: Final = Field("limitPrice", AMOUNT, means="never filled worse", example="200")
TAKE_PROFIT: Final = Message("TakeProfit", _LIMIT_PRICE, means="a limit order", closed=True)
STOP_LOSS: Final = Message(
    "StopLoss",
    Field("triggerPrice", AMOUNT, means="fires at this price or worse", example="140"),
    optional("limitPrice", AMOUNT, "with it, a stop limit: never filled worse", example="138"),
    optional("slippageBps", integer(0, 10_000, 500), "against the first quote after it fires"),
    optional("confirmations", integer(1, _MOST_CONFIRMATIONS, 2), "slots in a row that must say so"),
    means="an order that sells when the price falls to its trigger",
    closed=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTerms(SniperTerms):
    """When an order fires, for how long it waits, and its companions. What goes together is intake's."""

    price_of: str | None = field(
        default=None,
        metadata=wire(
            _one_of(SELLERS_WAY, BUYERS_WAY),
            optional(
                "priceOf",
                one_of([SELLERS_WAY, BUYERS_WAY]),
                "`tokenIn` (default): prices are tokenOut per tokenIn. `tokenOut`: tokenIn per tokenOut,"
                " what a buyer says",
            ),
        ),
    )
    trigger_price: Decimal | None = field(
        default=None,
        metadata=wire(
            request_fields.price,
            optional(
                "triggerPrice",
                AMOUNT,
                "stop, stop_limit, take_profit: fires when what its own size brings is at or beyond it",
            ),
        ),
    )
    confirmations: int | None = field(
        default=None,
        metadata=wire(
            _confirmations,
            optional(
                "confirmations",
                integer(1, _MOST_CONFIRMATIONS, 2),
                "slots in a row that must say so; 2 for stops, 1 for take_profit",
            ),
        ),
    )
    trail_bps: int | None = field(
        default=None,
        metadata=wire(
            _trail,
            optional(
                "trailBps",
                integer(LEAST_TRAIL_BPS, MOST_TRAIL_BPS, 500),
                "trailing_stop: fires so far below the best price since it was placed",
            ),
        ),
    )
    activation_price: Decimal | None = field(
        default=None,
        metadata=wire(
            request_fields.price,
            optional("activationPrice", AMOUNT, "trailing_stop: begins to follow from this price on"),
        ),
    )
    time_in_force: str | None = field(
        default=None,
        metadata=wire(
            _one_of(*TimeInForce.values),
            optional(
                "timeInForce",
                one_of(TimeInForce.values),
                "limit: `gtc` (default), `gtd` with expiresAt, `ioc` and `fok` for one try at once",
            ),
        ),
    )
    order_class: str | None = field(
        default=None,
        metadata=wire(
            _one_of(SIMPLE, OCO, BRACKET),
            optional(
                "orderClass",
                one_of([SIMPLE, OCO, BRACKET]),
                "market or limit: `oco` places takeProfit and stopLoss, of which at most one is filled;"
                " `bracket` places them when this order is confirmed, for what it received",
            ),
        ),
    )
    rounds: int | None = field(
        default=None,
        metadata=wire(
            within(LEAST_ROUNDS, MOST_ROUNDS),
            optional(
                "rounds",
                integer(LEAST_ROUNDS, MOST_ROUNDS, 10),
                "dca: orders that share amountIn; the last sells what is left over",
            ),
        ),
    )
    interval_seconds: int | None = field(
        default=None,
        metadata=wire(
            within(1, MOST_INTERVAL_SECONDS),
            optional(
                "intervalSeconds",
                integer(1, MOST_INTERVAL_SECONDS, 3_600),
                "dca: between two rounds; at least 60, but on localnet",
            ),
        ),
    )
    start_at: datetime | None = field(
        default=None,
        metadata=wire(
            request_fields.moment, optional("startAt", INSTANT, "dca: its first round; now if absent")
        ),
    )
    min_price: Decimal | None = field(
        default=None,
        metadata=wire(
            request_fields.price,
            optional("minPrice", AMOUNT, "dca: a round at a lower price is skipped, and says so"),
        ),
    )
    max_price: Decimal | None = field(
        default=None,
        metadata=wire(
            request_fields.price,
            optional("maxPrice", AMOUNT, "dca: a round at a higher price is skipped, and says so"),
        ),
    )
    missed: str | None = field(
        default=None,
        metadata=wire(
            _one_of("skip"), optional("missed", one_of(["skip"]), "dca: late rounds are skipped and named")
        ),
    )
    take_profit: ExitTerms | None = field(
        default=None,
        metadata=wire(
            object_of(TAKE_PROFIT, _EXIT_READERS, ExitTerms),
            Field("takeProfit", ref(TAKE_PROFIT), means="of oco and bracket", optional=True),
        ),
    )
    stop_loss: ExitTerms | None = field(
        default=None,
        metadata=wire(
            object_of(STOP_LOSS, _EXIT_READERS, ExitTerms),
            Field("stopLoss", ref(STOP_LOSS), means="of oco and bracket", optional=True),
        ),
    )
