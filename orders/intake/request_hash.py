"""What a request means, as a hash: one that repeats a key must mean the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dex.types import SwapMode
from orders.intake.waiting import meaning as waiting_terms
from orders.models import Order
from orders.wire.requests import OrderIntent


def request_hash(order: Order, intent: OrderIntent) -> str:
    """A hash of the request that makes ``order``."""
    # Of what the order means, not of its bytes: "1.0" and 1 are the same request.
    meaning: dict[str, Any] = {
        "type": order.type,
        "in": order.token_in,
        "out": order.token_out,
        "amount": order.amount_in,
        "slippage": intent.slippage_bps,
        "expires": intent.expires_at and intent.expires_at.isoformat(),
    }
    if intent.max_price_impact_bps is not None:
        # Only where it is given: requests of before this field keep their hash.
        meaning["impact"] = intent.max_price_impact_bps
    if intent.max_cost_bps is not None:
        meaning["cost"] = intent.max_cost_bps
    if order.floor_amount_out is not None:
        meaning["floor"] = order.floor_amount_out
    if order.route_bounds is not None:
        # Names in any order mean the same.
        meaning["bounds"] = [
            (k, sorted(v) if isinstance(v, list) else v) for k, v in order.route_bounds.items()
        ]
    if order.mode != SwapMode.EXACT_IN:
        meaning["mode"] = order.mode
    meaning |= waiting_terms(intent)
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
