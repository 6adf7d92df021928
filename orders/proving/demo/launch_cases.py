"""What `manage.py demo launches` launches, the sniper order for each, and what must become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from orders.lifecycle import GroupRole, Status
from orders.models import Hold

Wire = Mapping[str, Any]
# What localnet's launches satisfy on every venue: of a position nobody can tell whether it stays.
_ANY_VENUE: Final = {"require": ["mintAuthorityRevoked", "freezeAuthorityRevoked", "sellable"]}
_AMOUNT: Final = "0.1"
# A purchase that costs half of itself in fees is sold at such a price only.
_SLIPPAGE_BPS: Final = 5_000


@dataclass(frozen=True, slots=True)
class LaunchCase:
    """A launch and an order. ``held_by``: it never buys, and says this; ``waits_for``: it has said this
    before it bought. ``is_sold`` where an exit has sold again.
    """

    name: str
    should: str
    wish: Mapping[str, Any]
    rules: Mapping[str, Any] | None = None
    exits: Mapping[str, Any] | None = None
    waits_for: str = ""
    held_by: str = ""
    is_sold: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    def request(self, mint: str, key: str) -> dict[str, Any]:
        """The body of the order."""
        terms = {"launch": self.rules, "exit": self.exits}
        return {
            "type": "sniper",
            "tokenIn": "SOL",
            "tokenOut": mint,
            "amountIn": _AMOUNT,
            "slippageBps": _SLIPPAGE_BPS,
            "clientOrderId": key,
            **{name: value for name, value in terms.items() if value is not None},
            **self.fields,
        }


CASES: Final[Sequence[LaunchCase]] = (
    LaunchCase(
        "opens later",
        "waits for the opening of a CPMM pool, and buys",
        {"venue": "raydium-cpmm", "quote": "SOL", "opensInSlots": 30},
        waits_for=Hold.NOT_OPEN,
    ),
    LaunchCase(
        "opens by the slot",
        "the same on DAMM v2",
        {"venue": "meteora-damm-v2", "quote": "SOL", "opensInSlots": 30, "fee": "flat"},
        waits_for=Hold.NOT_OPEN,
    ),
    LaunchCase(
        "created empty",
        "waits for the first liquidity of a DLMM pair, and buys",
        {"venue": "meteora-dlmm", "quote": "SOL", "opensInSlots": 40},
        rules=_ANY_VENUE,
        waits_for=Hold.NOT_FUNDED,
    ),
    LaunchCase(
        "fee that falls",
        "waits until a fee of 50 % has come down to 14 %",
        {"venue": "meteora-damm-v2", "quote": "SOL", "opensInSlots": 10, "fee": "exponential"},
        rules={"require": ["freezeAuthorityRevoked"], "maxFeeBps": 1_400},
        waits_for=Hold.FEE_TOO_HIGH,
    ),
    LaunchCase(
        "out again",
        "buys as an AMM v4 pool opens, and sells all of it 10 s later",
        {"venue": "raydium-amm-v4", "quote": "SOL", "opensInSlots": 20},
        exits={"takeProfit": {"gainBps": 100_000}, "afterSeconds": 10},
        is_sold=True,
    ),
    LaunchCase(
        "can be frozen",
        "a trap: never buys, for somebody may freeze token accounts",
        {"venue": "raydium-cpmm", "quote": "SOL", "opensInSlots": 15, "trap": "freeze"},
        held_by=Hold.FREEZE_AUTHORITY,
    ),
    LaunchCase(
        "liquidity not locked",
        "a trap: never buys, for the liquidity can be taken out, and is",
        {
            "venue": "meteora-damm-v2",
            "quote": "SOL",
            "opensInSlots": 15,
            "trap": "liquidityPulled",
            "fee": "flat",
        },
        held_by=Hold.LIQUIDITY_NOT_LOCKED,
    ),
    LaunchCase(
        "fee can be raised",
        "a trap: never buys, for the transfer fee can be raised, and is, to 99 %",
        {"venue": "raydium-cpmm", "quote": "SOL", "opensInSlots": 15, "trap": "transferFee"},
        held_by=Hold.FEE_AUTHORITY,
    ),
)


def has_ended(case: LaunchCase, orders: Sequence[Wire], *, is_sprung: bool) -> bool:
    """Whether everything has happened that the case waits for."""
    if case.held_by:
        return is_sprung and case.held_by == waiting_for(orders[0])
    wanted = [orders[0], *exits_of(orders)] if case.is_sold else [orders[0]]
    is_bought = orders[0]["status"] == Status.CONFIRMED
    is_sold = not case.is_sold or any(each["status"] == Status.CONFIRMED for each in wanted[1:])
    return orders[0]["status"] in (Status.FAILED, Status.CANCELLED) or (is_bought and is_sold)


def fault_of(case: LaunchCase, orders: Sequence[Wire], waited_for: Sequence[str]) -> str:
    """What a case did that it should not have; empty if nothing."""
    entry = orders[0]
    if case.held_by:
        if entry["status"] == Status.CONFIRMED:
            return "it bought"
        return "" if case.held_by in waited_for else f"it did not say {case.held_by}"
    if entry["status"] != Status.CONFIRMED:
        return f"it did not buy: {entry['status']} {(entry.get('error') or {}).get('code', '')}".rstrip()
    if case.waits_for and case.waits_for not in waited_for:
        return f"it did not wait for {case.waits_for}"
    sold = [each for each in exits_of(orders) if each["status"] == Status.CONFIRMED]
    if case.is_sold and len(sold) != 1:
        return f"{len(sold)} exits were filled instead of one"
    return ""


def exits_of(orders: Sequence[Wire]) -> list[Wire]:
    """The orders of a group that sell what its entry has bought."""
    roles = (GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS)
    return [order for order in orders if order.get("groupRole") in roles]


def waiting_for(order: Wire) -> str:
    """Why a sniper order has not bought yet; empty where it says nothing."""
    return str((order.get("sniping") or {}).get("waitingFor") or "")
