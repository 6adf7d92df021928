"""Open orders of every type that a market order has nothing to do with: too far from the price to fire."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from orders.client.remote import RemoteEngine

_ABOVE, _BELOW, _FAR_BELOW = Decimal(4), Decimal("0.25"), Decimal("0.2")
_SIZE: Final = "0.01"


def kinds(price: Decimal) -> Iterator[dict[str, Any]]:
    """The body of one order of each type, at several times or a fraction of the price of a SOL in USDC."""
    high, low, lower = (f"{price * part:.6f}" for part in (_ABOVE, _BELOW, _FAR_BELOW))
    sells = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": _SIZE}
    buys = {"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": "1", "priceOf": "tokenOut"}
    exits = {"takeProfit": {"limitPrice": high}, "stopLoss": {"triggerPrice": low}}
    yield {**sells, "type": "limit", "limitPrice": high}
    yield {**buys, "type": "limit", "limitPrice": low}
    yield {**sells, "type": "stop", "triggerPrice": low}
    yield {**sells, "type": "stop_limit", "triggerPrice": low, "limitPrice": lower}
    yield {**sells, "type": "take_profit", "triggerPrice": high}
    yield {**sells, "type": "trailing_stop", "trailBps": 5_000, "activationPrice": high}
    yield {**sells, "orderClass": "oco", **exits}
    yield {**buys, "type": "dca", "rounds": 2, "intervalSeconds": 86_400, "maxPrice": lower}
    yield {
        "tokenIn": "SOL",
        "tokenOut": "any",
        "amountIn": _SIZE,
        "maxOrders": 1,
        "type": "sniper",
        "launch": {"minLiquidity": "1000000"},
    }


def place(engine: RemoteEngine, each: int) -> int:
    """Place so many of each type; how many were placed. Raises EngineRefused and EngineUnreachable."""
    price = Decimal(engine.quote("SOL", "USDC", "1")["best"]["amountOut"])
    placed = [engine.place(body) for body in kinds(price) for _ in range(each)]
    return len(placed)


def cancel(engine: RemoteEngine) -> None:
    """End what is open. Raises EngineRefused and EngineUnreachable."""
    engine.cancel_all(open="true")
