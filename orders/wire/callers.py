"""Who calls, and the kill switch, on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from orders.errors import InvalidRequest
from orders.models import TradingSwitch
from orders.wire import request_fields
from orders.wire.json_types import BOOLEAN, INSTANT, TEXT, instant, nullable, one_of, text
from orders.wire.message import Field, Message

_ON_OFF: Final = ("on", "off")
MOST_REASON: Final = 255


class Caller(NamedTuple):
    """A caller's name and kind (local, user, staff), the scope of its token if any, and what it may."""

    user: str
    kind: str
    scope: str | None
    may_trade: bool
    may_switch: bool


CALLER: Final = Message(
    "Caller",
    Field("user", TEXT, "user", "its name", example="local"),
    Field(
        "kind", one_of(("local", "user", "staff")), "kind", "local: known by this machine", example="local"
    ),
    Field(
        "scope",
        nullable(one_of(("read", "trade", "admin"))),
        "scope",
        "of the token that was shown",
        example=None,
    ),
    Field("mayTrade", BOOLEAN, "may_trade", "place, amend and cancel orders", example=True),
    Field("maySwitch", BOOLEAN, "may_switch", "switch trading on and off", example=False),
)
_TRADING: Final = Field(
    "trading", one_of(_ON_OFF), means="off: the kill switch holds all orders", example="on"
)
SWITCH: Final = Message(
    "Switch",
    _TRADING,
    Field("reason", text(0, MOST_REASON, "a node is being moved"), means="off needs one", optional=True),
    closed=True,
)
SWITCHED: Final = Message(
    "Switched",
    Field("trading", one_of(_ON_OFF), lambda switch: "on" if switch.is_on else "off", example="on"),
    Field("reason", TEXT, "reason", "what was said", example=""),
    Field("changedBy", TEXT, "changed_by", "who has switched", example="boss"),
    Field("changedAt", INSTANT, instant("changed_at"), "when"),
)


def parse_switch(payload: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether trading is to be on, and why. Raises InvalidRequest."""
    refusals = request_fields.unknown(payload, {"trading", "reason"})
    trading, reason = payload.get("trading"), payload.get("reason", "")
    if trading not in _ON_OFF:
        refusals["trading"] = "on or off"
    if not isinstance(reason, str) or len(reason) > MOST_REASON:
        refusals["reason"] = f"text of at most {MOST_REASON} characters"
    if refusals:
        raise InvalidRequest("The switch cannot be set so", **refusals)
    return trading == "on", str(reason)


def switch_as_wire(switch: TradingSwitch) -> dict[str, Any]:
    """How the switch stands."""
    return SWITCHED.of(switch)
