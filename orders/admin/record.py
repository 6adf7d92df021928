"""What the page of one order shows: its steps, its routes, amounts asked and executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from orders.admin.columns import STATUS_COLOURS, bps_text, group_link, swap_text
from orders.admin.numbers import sol_text
from orders.admin.open_orders import fires_text
from orders.admin.routes import compared
from orders.lifecycle import CANCELLABLE, FINAL, Status
from orders.models import Order, OrderEvent
from orders.records import costs
from orders.wire.orders import order_as_wire

# An order has some ten events; retries are bounded, dropped forks are not.
MOST_EVENTS: Final = 200
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One event: when, how long after the one before, and what it says."""

    sequence: int
    status: str
    colour: str
    at: datetime
    since_previous: str
    remark: str


def page_of(order: Order) -> dict[str, Any]:
    """The template's context for an order."""
    events = list(order.events.order_by("sequence")[:MOST_EVENTS])
    return {
        "swap": swap_text(order),
        "status": order.status,
        "status_colour": STATUS_COLOURS.get(order.status, ""),
        "took": _took(order, events),
        "steps": steps_of(events),
        "more_events": order.version > len(events),
        "comparison": compared(events, order_as_wire(order)),
        "amounts": amounts_of(order),
        "facts": facts_of(order),
        "is_cancellable": Status(order.status) in CANCELLABLE,
    }


def steps_of(events: Sequence[OrderEvent]) -> list[Step]:
    """The timeline."""
    before = [None, *events]
    return [
        Step(
            sequence=event.sequence,
            status=event.status,
            colour=STATUS_COLOURS.get(event.status, ""),
            at=event.at,
            since_previous=f"+{_milliseconds(event.at - previous.at)}" if previous else "",
            remark=_remark(event.data),
        )
        for previous, event in zip(before, events, strict=False)
    ]


def amounts_of(order: Order) -> list[tuple[str, str, str]]:
    """Rows of (what, asked or quoted, executed), in whole tokens."""
    wire = order_as_wire(order)
    token_in, token_out = wire["tokenIn"], wire["tokenOut"]
    allowed = f"{wire['slippageBps']} bps allowed"
    return [
        ("Paid", _amount(wire, "amountIn", token_in), _amount(wire, "executedAmountIn", token_in)),
        (
            "Received",
            _amount(wire, "quotedAmountOut", token_out),
            _amount(wire, "executedAmountOut", token_out),
        ),
        ("At least", _amount(wire, "minAmountOut", token_out), ""),
        ("Price", _price(wire, "quotedPrice"), _price(wire, "executedPrice")),
        ("Slippage", allowed, bps_text(wire["slippageRealisedBps"])),
        ("Pool fee", _fee(wire, "lp", wire["fees"]["lpToken"]), ""),
        ("Network fee", "", _fee(wire, "network", "SOL")),
        ("Priority fee", "", _fee(wire, "priority", "SOL")),
        *_costs(order),
    ]


def _costs(order: Order) -> list[tuple[str, str, str]]:
    """What all its transactions have cost beside what was swapped, those that failed too."""
    paid = costs.of_orders([order.pk]).get(order.pk)
    if paid is None:
        return []
    amounts = (("Tips", paid.tip), ("Rent of accounts", paid.rent), ("In vain, on chain", paid.in_vain))
    parts = [(what, "", f"{sol_text(lamports)} SOL") for what, lamports in amounts if lamports]
    whole = "not known" if paid.total is None else f"{sol_text(paid.total)} SOL"
    return [*parts, ("All fees, tips and rent", "", whole)]


def facts_of(order: Order) -> list[tuple[str, str]]:
    """Ids and addresses, those that there are."""
    wire = order_as_wire(order)
    rows = [
        ("Order id", wire["orderId"]),
        ("Client order id", wire["clientOrderId"]),
        ("User", order.user.get_username()),
        ("Type", wire["type"]),
        ("Network", wire["network"]),
        ("Wallet", wire["wallet"]),
        ("Token in", wire["tokenInMint"]),
        ("Token out", wire["tokenOutMint"]),
        ("Venue", wire["venue"]),
        ("Pool", wire["pool"]),
        ("Transaction", wire["txHash"]),
        ("Slot", wire["slot"]),
        ("Limit price", wire["limitPrice"]),
        *_waiting_facts(order, wire),
        ("Expires", wire["expiresAt"]),
        ("Error", wire["error"] and f"{wire['error']['message']} ({wire['error']['code']})"),
        ("Placed", wire["createdAt"]),
        ("Confirmed", wire["confirmedAt"]),
        ("Final on chain", _moment(order.finalized_at)),
        ("Due", _moment(order.due_at) if Status(order.status) not in FINAL else None),
        ("Leased until", _moment(order.lease_until)),
        ("Attempts, retries", f"{order.attempt}, {order.retries}"),
    ]
    # A link stays markup: it is marked as safe.
    return [(label, str(value)) for label, value in rows if value not in (None, "")]


def _waiting_facts(order: Order, wire: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What an order waits or has waited for, and its group; nothing for the others."""
    group = [("Group", group_link(order)), ("In its group", wire["groupRole"])] if order.group_id else []
    trigger = wire["trigger"]
    if trigger is None:
        return group
    return [
        ("Trigger price", trigger.get("triggerPrice")),
        ("Trails by", trigger.get("trailBps") and f"{trigger['trailBps']} bps"),
        ("Fires at", fires_text(order)),
        ("Best so far", trigger.get("watermark")),
        ("Slots in a row", trigger["confirmations"]),
        ("Waits for", trigger["waitingFor"]),
        ("Fired", wire["firedAt"]),
        *group,
    ]


def _remark(data: Mapping[str, Any]) -> str:
    words = str(data.get("error", ""))
    if "retryInMs" in data and "attempt" in data:
        return f"{words}; retry {data.get('attempt', '')} in {data['retryInMs']} ms".lstrip("; ")
    if data.get("waitingFor") or "trigger" in data:
        return _open_remark(data, words)
    if "quote" in data:
        return f"fired at slot {data['slot']}: {data['quote']['amountOut']} by {data['quote']['venue']}"
    known = (
        ("amountOut", f"{data.get('venue', '')} quoted {{}}"),
        ("executedAmountOut", "received {}"),
        ("attempt", "attempt {}"),
        ("slot", "slot {}"),
        ("code", "{}"),
    )
    return ", ".join(
        [*([words] if words else []), *(text.format(data[k]) for k, text in known if data.get(k))]
    )


def _open_remark(data: Mapping[str, Any], words: str) -> str:
    trigger = data.get("trigger") or {}
    levels = [
        f"{said} {trigger[name]}"
        for name, said in (("firesAtOrAbove", "fires at or above"), ("firesAtOrBelow", "fires at or below"))
        if trigger.get(name)
    ]
    again = f"tried again in {data['retryInMs']} ms" if "retryInMs" in data else ""
    waits = f"waits for {data['waitingFor'].lower()}" if data.get("waitingFor") else ""
    cost = f"cost so far {data['costLamports']} lamports" if data.get("costLamports") else ""
    return "; ".join(part for part in (words, *levels, waits, again, cost) if part)


def _took(order: Order, events: Sequence[OrderEvent]) -> str:
    is_over = Status(order.status) in FINAL and events
    return _milliseconds(events[-1].at - events[0].at) if is_over else ""


def _milliseconds(span: timedelta) -> str:
    return f"{span // _MILLISECOND:,} ms".replace(",", "\u202f")


def _amount(wire: Mapping[str, Any], name: str, token: str) -> str:
    text = wire[name] or wire[f"{name}Raw"]
    return f"{text} {token}" if text else "-"


def _price(wire: Mapping[str, Any], name: str) -> str:
    return f"{wire[name]} {wire['tokenOut']} per {wire['tokenIn']}" if wire.get(name) else "-"


def _fee(wire: Mapping[str, Any], name: str, token: str | None) -> str:
    return f"{wire['fees'][name]} {token}" if wire["fees"][name] else "-"


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else None
