"""Which order of a group is to be followed next: of two siblings the one that may still be filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orders.client.remote import RemoteEngine
from orders.lifecycle import FailureReason, Status

Wire = Mapping[str, Any]


def sibling_to_follow(engine: RemoteEngine, order: Wire, last: Wire) -> Wire | None:
    """The other order of an OCO where it has fired and ``order`` is cancelled for that; else None."""
    if last["status"] != Status.CANCELLED or last.get("code") != FailureReason.SIBLING_FIRED:
        return None
    others = [each for each in group_orders(engine, order) if each["orderId"] != order["orderId"]]
    exits = [each for each in others if each["groupRole"] != "entry"]
    return exits[0] if exits else None


def group_orders(engine: RemoteEngine, order: Wire) -> Sequence[Wire]:
    """The orders of the group of an order; empty where it has none."""
    group_id = order.get("groupId")
    return engine.group(group_id)["orders"] if group_id else ()
