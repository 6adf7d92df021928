"""What a sniper order waits for and by which rules, as answers and events show it."""

from __future__ import annotations

from typing import Any, Final

from orders.lifecycle import OrderType, Status
from orders.models import Hold, LaunchRules, Order
from orders.wire.json_types import INTEGER, ORDER_ID, TEXT, nullable, one_of
from orders.wire.launch_terms import LAUNCH, POSITION_EXIT
from orders.wire.message import Field, Message, ref
from orders.wire.order_columns import whole

_HOLDS: Final = [hold.value for hold in Hold if hold.value]


def _rules(rules: LaunchRules) -> dict[str, Any]:
    found: dict[str, Any] = {
        "minLiquidity": whole(rules.min_liquidity, rules.order.token_in),
        "maxFeeBps": rules.max_fee_bps,
        "maxRoundTripBps": rules.max_round_trip_bps,
        "maxHolderShareBps": rules.max_holder_share_bps,
        "openWithinSeconds": rules.open_within_seconds,
    }
    given = {name: value for name, value in found.items() if value is not None}
    return given | {"require": rules.require, "blockedCreators": rules.blocked_creators}


SNIPING: Final = Message(
    "Sniping",
    Field(
        "waitingFor",
        nullable(one_of(_HOLDS)),
        lambda rules: (rules.held_by or None) if rules.order.status == Status.OPEN else None,
        "why it has not bought yet",
        example=Hold.NOT_OPEN.value,
    ),
    Field(
        "why",
        nullable(TEXT),
        lambda rules: (str(Hold(rules.held_by).label) or None) if rules.order.status == Status.OPEN else None,
        "the same in words",
        example=str(Hold.NOT_OPEN.label),
    ),
    Field("pool", nullable(TEXT), lambda rules: rules.pool or None, "the pool that it looks at or bought in"),
    Field("rules", ref(LAUNCH), _rules, "which pools it buys in"),
    Field(
        "exit",
        nullable(ref(POSITION_EXIT)),
        lambda rules: exits_of(rules.exits),
        "how what it buys is sold again",
        example=None,
    ),
    Field("maxOrders", nullable(INTEGER), "max_orders", "of a budget: how many tokens it buys", example=None),
    Field(
        "placed",
        nullable(INTEGER),
        lambda rules: None if rules.max_orders is None else rules.placed,
        "of a budget: how many it has set out to buy",
        example=None,
    ),
    means="what a sniper order waits for",
)
# What an `open` event of a budget says beside: which token an order of its own buys.
PURCHASE_STEPS: Final = (
    Field("launchMint", TEXT, means="the new token that is bought", optional=True),
    Field("launchOrderId", ORDER_ID, means="the order that buys it", optional=True),
)


def exits_of(exits: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a row keeps of the exits as a request says them."""
    if not exits:
        return None
    names = {"takeProfit": ("limitPrice", "gainBps"), "stopLoss": ("triggerPrice", "lossBps")}
    found: dict[str, Any] = {}
    for name, (price, bps) in names.items():
        level = exits.get(name)
        if level is not None:
            spelled = {"price": price, "bps": bps, "slippageBps": "slippageBps"}
            found[name] = {spelled[key]: value for key, value in level.items()}
    after = exits.get("afterSeconds")
    return found | ({} if after is None else {"afterSeconds": after})


def rules_text(rules: LaunchRules) -> str:
    """The rules in a line for people."""
    said = _rules(rules)
    required, blocked = said.pop("require"), said.pop("blockedCreators")
    parts = [f"{name} {value}" for name, value in said.items()]
    parts += [f"{len(blocked)} creators blocked"] if blocked else []
    return ", ".join([*parts, *required]) or "none"


def sniping_as_wire(order: Order) -> dict[str, Any] | None:
    """The rules of a sniper order, or None. Costs a query where they were not joined."""
    if order.type != OrderType.SNIPER:
        return None
    try:
        rules = order.launch_rules
    except LaunchRules.DoesNotExist:
        return None
    rules.order = order
    return SNIPING.of(rules)


def sniping_data(order: Order) -> dict[str, Any]:
    """``open``: what a sniper order waits for."""
    return {"sniping": sniping_as_wire(order)}


def purchase_data(order: Order, mint: str, child_id: object) -> dict[str, Any]:
    """``open`` of a budget: the token that an order of its own buys."""
    return sniping_data(order) | {"launchMint": mint, "launchOrderId": str(child_id)}
