"""Columns of the order list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html

from orders.gateway import token_by_mint
from orders.lifecycle import PAPER, AttemptState, Status
from orders.models import Attempt, Order
from orders.wire.attempts import attempt_as_wire, explorer_url
from orders.wire.orders import order_as_wire

_LONGEST_SYMBOL: Final = 16
# Statuses that are not named are grey.
STATUS_COLOURS: Final[Mapping[str, str]] = {
    Status.PENDING.value: "info",
    Status.OPEN.value: "info",
    Status.ROUTING.value: "info",
    Status.BUILDING.value: "info",
    Status.SUBMITTED.value: "warning",
    Status.CONFIRMED.value: "success",
    Status.FAILED.value: "danger",
}
STATE_COLOURS: Final[Mapping[str, str]] = {
    AttemptState.OPEN.value: "warning",
    AttemptState.LANDED.value: "success",
    AttemptState.FAILED_ONCHAIN.value: "danger",
}


def label(text: str, colour: str) -> str:
    """A badge of the theme; ``colour`` is info, success, warning, danger, or nothing for grey."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def transaction_link(network: str, signature: str) -> str:
    """The beginning of a signature, leading to the explorer; a dash without one, the word for none at all."""
    if network == PAPER:
        return "on paper"
    url = explorer_url(network, signature)
    if url is None:
        return "-"
    link = '<a class="oe-mono oe-link" href="{}" target="_blank" rel="noopener" title="{}">{}…</a>'
    return format_html(link, url, signature, signature[:8])


def token_name(mint: str) -> str:
    """The symbol of a token that has one; of others the ends of the mint, enough to tell them apart."""
    token = token_by_mint(mint)
    symbol = token.symbol if token else mint
    return short_mint(symbol)


def short_mint(name: str) -> str:
    """A symbol as it is; a mint that stands in for one cut short."""
    return name if len(name) <= _LONGEST_SYMBOL else f"{name[:4]}…{name[-4:]}"


def swap_text(order: Order) -> str:
    """What goes in, and what came out by the chain or the token that is to."""
    wire = order_as_wire(order)
    received = wire["executedAmountOut"] or wire["executedAmountOutRaw"]
    given = f"{wire['amountIn'] or wire['amountInRaw']} {short_mint(wire['tokenIn'])}"
    bought = short_mint(wire["tokenOut"])
    return f"{given} → {received} {bought}" if received else f"{given} → {bought}"


def order_link(order_id: UUID) -> str:
    """The beginning of an order's id, leading to its page."""
    url = reverse("admin:orders_order_change", args=[order_id])
    return format_html('<a class="oe-mono oe-link" href="{}">{}</a>', url, str(order_id)[:8])


def bps_text(bps: int | None) -> str:
    """Basis points with their sign; a dash when unknown."""
    return "-" if bps is None else f"{bps:+d} bps" if bps else "0 bps"


class OrderColumns:
    """What the list shows of an order."""

    @admin.display(description="order", ordering="pk")
    def short_id(self, order: Order) -> str:
        """Enough of the id to tell orders apart; the whole id is on the order's page."""
        return str(order.pk)[:8]

    @admin.display(description="placed (UTC)", ordering="created_at")
    def placed(self, order: Order) -> str:
        """Date and time to the second."""
        return f"{order.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="status")
    def badge(self, order: Order) -> str:
        """The status, above the reason where there is one."""
        status = label(order.status, STATUS_COLOURS.get(order.status, ""))
        return (
            format_html("{}<br><small>{}</small>", status, order.error_code) if order.error_code else status
        )

    @admin.display(description="swap")
    def swap(self, order: Order) -> str:
        """Amounts and tokens."""
        return swap_text(order)

    @admin.display(description="slippage")
    def slippage(self, order: Order) -> str:
        """How far the executed amount fell short of the quote."""
        return bps_text(order_as_wire(order)["slippageRealisedBps"])

    @admin.display(description="transaction")
    def transaction(self, order: Order) -> str:
        """The signature, leading to the explorer."""
        return transaction_link(order.network, order.signature)


class AttemptColumns:
    """What the order's page shows of an attempt."""

    @admin.display(description="state")
    def badge(self, attempt: Attempt) -> str:
        """Where the attempt stands."""
        return label(attempt.state.replace("_", " "), STATE_COLOURS.get(attempt.state, ""))

    @admin.display(description="transaction")
    def transaction(self, attempt: Attempt) -> str:
        """The signature, leading to the explorer."""
        return transaction_link(attempt.order.network, attempt.signature)

    @admin.display(description="paid (SOL)")
    def paid(self, attempt: Attempt) -> str:
        """Fees, tip and rent that the chain took for it; a dash while that is not known."""
        fees = attempt_as_wire(attempt)["fees"]
        known = [f"{name} {amount}" for name, amount in fees.items() if amount not in (None, "0")]
        return ", ".join(known) or ("-" if fees["network"] is None else "nothing")

    @admin.display(description="signed (UTC)")
    def signed(self, attempt: Attempt) -> str:
        """When the bytes were committed, before the first of them was sent."""
        return f"{attempt.created_at:%Y-%m-%d %H:%M:%S.%f}"[:-3]


def group_link(order: Order) -> str:
    """The order's group, leading to it; a dash without one."""
    if order.group is None:
        return "-"
    url = reverse("admin:orders_ordergroup_change", args=[order.group_id])
    return format_html('<a class="oe-link" href="{}">{}</a>', url, order.group.kind)
