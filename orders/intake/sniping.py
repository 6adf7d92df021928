"""From what a request says of new pools to the rules of a sniper order, and what becomes of its purchase."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from orders.amounts import to_base_units
from orders.errors import InvalidRequest
from orders.intake import limits
from orders.intake.named_amounts import named
from orders.lifecycle import GroupKind, GroupRole, OrderType, Status
from orders.models import ANYTHING, Hold, LaunchRules, Order, OrderGroup
from orders.wire.launch_terms import ExitLevel, LaunchTerms, PositionExit
from orders.wire.request_fields import spelling
from orders.wire.requests import OrderIntent
from orders.wire.sniping import sniping_data

_OFF: Final = "off"
_NOTHING_SAID: Final = LaunchTerms()


def is_on() -> bool:
    """Whether this engine looks for new pools at all."""
    return bool(settings.LAUNCHES != _OFF)


def is_for_any_token(kind: str, intent: OrderIntent) -> bool:
    """Whether a request of this type buys whatever is launched."""
    return kind == OrderType.SNIPER and spelling(intent.token_out) == ANYTHING


def refusals(kind: OrderType, intent: OrderIntent) -> dict[str, str]:
    """Fields that do not go with the type, or with each other; empty where all do."""
    said = {"launch": intent.launch, "exit": intent.exit, "maxOrders": intent.max_orders}
    if kind is not OrderType.SNIPER:
        return {name: f"not with {kind.value}" for name, value in said.items() if value is not None}
    found = _exit_refusals(intent.exit) if intent.exit is not None else {}
    if not is_for_any_token(kind, intent):
        return found | ({} if intent.max_orders is None else {"maxOrders": 'only with tokenOut "any"'})
    if intent.max_orders is None:
        found["maxOrders"] = 'required with tokenOut "any"'
    for name in ("limit_price", "min_amount_out", "min_amount_out_raw"):
        if getattr(intent, name) is not None:
            found[_WIRE_NAMES[name]] = 'not with tokenOut "any": each token has its own price'
    if intent.exit is not None and any(level and level.price is not None for level in _levels(intent.exit)):
        found["exit"] = 'gainBps and lossBps with tokenOut "any": each token has its own price'
    return found


_WIRE_NAMES: Final = {
    "limit_price": "limitPrice",
    "min_amount_out": "minAmountOut",
    "min_amount_out_raw": "minAmountOutRaw",
}


def _levels(terms: PositionExit) -> tuple[ExitLevel | None, ExitLevel | None]:
    return terms.take_profit, terms.stop_loss


def _exit_refusals(terms: PositionExit) -> dict[str, str]:
    if not terms.as_json():
        return {"exit": "takeProfit, stopLoss or afterSeconds"}
    for name, level in (("takeProfit", terms.take_profit), ("stopLoss", terms.stop_loss)):
        if level is not None and (level.price is None) == (level.bps is None):
            return {"exit": f"{name}: either a price or bps"}
    return {}


def prepare(order: Order, intent: OrderIntent, decimals_in: int) -> None:
    """Make a new order wait for a new pool, with the group that its exits or its purchases go into.

    Raises InvalidRequest, InvalidAmount.
    """
    terms = intent.launch or _NOTHING_SAID
    exits = _exits(intent.exit)
    order.status = Status.OPEN
    order.group_role = GroupRole.NONE
    if is_for_any_token(order.type, intent):
        order.group = OrderGroup(user_id=order.user_id, kind=GroupKind.LAUNCH, created_at=order.created_at)
        order.group_role = GroupRole.BUDGET
    elif exits is not None:
        order.group = OrderGroup(
            user_id=order.user_id, kind=GroupKind.BRACKET, exits=exits, created_at=order.created_at
        )
        order.group_role = GroupRole.ENTRY
    least = terms.min_liquidity
    LaunchRules(
        order=order,
        min_liquidity=None if least is None else named("launch", to_base_units, least, decimals_in),
        max_fee_bps=terms.max_fee_bps,
        max_round_trip_bps=terms.max_round_trip_bps,
        max_holder_share_bps=terms.max_holder_share_bps,
        require=list(settings.SNIPER_REQUIRE if terms.require is None else terms.require),
        blocked_creators=list(terms.blocked_creators),
        open_within_seconds=terms.open_within_seconds,
        max_orders=intent.max_orders,
        exits=exits,
        held_by=Hold.NONE if order.group_role == GroupRole.BUDGET else Hold.NO_POOL,
    )
    order.open_with(sniping_data(order))


def _exits(terms: PositionExit | None) -> dict[str, Any] | None:
    """As a group keeps them, with the slippage that its stop will have."""
    if terms is None:
        return None
    found = terms.as_json()
    if terms.stop_loss is not None or terms.after_seconds is not None:
        given = terms.stop_loss.slippage_bps if terms.stop_loss else None
        if given is not None and not 0 <= given <= settings.MAX_SLIPPAGE_BPS:
            text = f"stopLoss: slippageBps: 0 to {settings.MAX_SLIPPAGE_BPS}"
            raise InvalidRequest("The slippage is out of range", exit=text)
        found["slippageBps"] = limits.stop_slippage() if given is None else given
    return found


def meaning(intent: OrderIntent) -> dict[str, Any]:
    """What a request says of sniping, for telling whether a repeated one is the same."""
    said: dict[str, Any] = {
        "launch": intent.launch and intent.launch.as_json(),
        "exit": intent.exit and intent.exit.as_json(),
        "max_orders": intent.max_orders,
    }
    return {name: value for name, value in said.items() if value is not None}
