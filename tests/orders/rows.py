"""Rows for tests of the order's core."""

from __future__ import annotations

import itertools
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from orders.models import Attempt, Order
from orders.records import journal

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DEVNET_USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"

_numbers = itertools.count(1)


def order_row(user: User, **columns: Any) -> Order:
    """A stored order with its first event, pending and due unless ``columns`` say otherwise."""
    now = timezone.now()
    values: dict[str, Any] = {
        "user": user,
        "request_hash": "0" * 64,
        "network": "localnet",
        "token_in": SOL,
        "token_out": DEVNET_USDC if columns.get("network") == "devnet" else USDC,
        "amount_in": 1_000_000_000,
        "slippage_bps": 50,
        "due_at": now,
        "created_at": now,
        "updated_at": now,
    }
    order = Order(**(values | columns))
    journal.insert([order])
    return order


def attempt_row(order: Order, number: int = 1, **columns: Any) -> Attempt:
    """A stored open attempt with bytes that no chain would take."""
    values: dict[str, Any] = {
        "order": order,
        "number": number,
        "signature": f"signature-{next(_numbers)}",
        "signed_transaction": b"\x01",
        "blockhash": "11111111111111111111111111111111",
        "last_valid_block_height": 150,
        "venue": "raydium-cpmm",
        "created_at": timezone.now(),
    }
    return Attempt.objects.create(**(values | columns))
