"""Orders and attempts in the camelCase of the API.

Amounts leave as decimal text in whole tokens and, next to it, as text in base units; prices are
whole tokens out per whole token in. Where a mint has left the configured list its decimals are
unknown and the whole-token text is null; the base units are always there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from orders import gateway
from orders.amounts import from_base_units, price_text, realised_slippage_bps
from orders.lifecycle import FailureReason
from orders.models import Attempt, Order, OrderEvent
from orders.wire.events import event_message, timestamp

_LAMPORT_DECIMALS: Final = 9

_ATTEMPT_FEES: Final = {"network": "network_fee", "priority": "priority_fee", "tip": "tip", "rent": "rent"}


def order_as_wire(
    order: Order,
    *,
    attempts: Iterable[Attempt] | None = None,
    events: Iterable[OrderEvent] | None = None,
) -> dict[str, Any]:
    """An order as answers carry it; with ``attempts`` and ``events`` it is the detail view."""
    wire = {
        "orderId": str(order.pk),
        "clientOrderId": order.client_order_id,
        "type": order.type,
        "status": order.status,
        **_tokens_and_amounts(order),
        "slippageBps": order.slippage_bps,
        "slippageAuto": order.slippage_is_auto,
        "maxPriceImpactBps": order.max_price_impact_bps,
        "limitPrice": order.limit_price,
        "expiresAt": timestamp(order.expires_at),
        "dex": order.dex or None,
        "venue": order.venue or None,
        "pool": order.pool or None,
        "slippageRealisedBps": realised_slippage_bps(order.slippage_base, order.executed_amount_out),
        "fees": _fees(order),
        "txHash": order.signature or None,
        "explorerUrl": explorer_url(order.network, order.signature),
        "slot": order.slot,
        "attempt": order.attempt,
        "error": _error(order.error_code, order.error_message),
        "createdAt": timestamp(order.created_at),
        "updatedAt": timestamp(order.updated_at),
        "confirmedAt": timestamp(order.confirmed_at),
        "network": order.network,
        "wallet": order.wallet,
    }
    if attempts is not None:
        wire["attempts"] = [attempt_as_wire(attempt, order.network) for attempt in attempts]
    if events is not None:
        wire["events"] = [event_as_wire(event) for event in events]
    return wire


def attempt_as_wire(attempt: Attempt, network: str) -> dict[str, Any]:
    """One signed transaction of an order, without its bytes."""
    return {
        "attempt": attempt.number,
        "txHash": attempt.signature,
        "explorerUrl": explorer_url(network, attempt.signature),
        "venue": attempt.venue,
        "state": attempt.state,
        "slot": attempt.slot,
        "sends": attempt.sends,
        "sendAnswer": attempt.send_answer or None,
        "sendReason": attempt.send_reason or None,
        "error": _error(attempt.error_code, ""),
        "fees": {name: _lamports(getattr(attempt, column)) for name, column in _ATTEMPT_FEES.items()},
        "lastValidBlockHeight": attempt.last_valid_block_height,
        "createdAt": timestamp(attempt.created_at),
    }


def event_as_wire(event: OrderEvent) -> dict[str, Any]:
    """One journal row inside an order's answer: the stream message without its envelope."""
    message = event_message(event)
    return {name: value for name, value in message.items() if name not in {"type", "orderId"}}


def explorer_url(network: str, signature: str) -> str | None:
    """The page of a transaction in the Solana Explorer, or None when there is no transaction."""
    return gateway.explorer_url(network, signature) if signature else None


def whole(raw: int | None, mint: str) -> str | None:
    """Base units of a mint as whole tokens, or None when either is unknown."""
    token = gateway.token_by_mint(mint)
    return None if raw is None or token is None else from_base_units(raw, token.decimals)


def _tokens_and_amounts(order: Order) -> dict[str, Any]:
    return {
        "tokenIn": _symbol(order.token_in),
        "tokenOut": _symbol(order.token_out),
        "tokenInMint": order.token_in,
        "tokenOutMint": order.token_out,
        **_amount("amountIn", order.amount_in, order.token_in),
        **_amount("floorAmountOut", order.floor_amount_out, order.token_out),
        **_amount("firstQuotedAmountOut", order.first_quoted_amount_out, order.token_out),
        **_amount("quotedAmountOut", order.quoted_amount_out, order.token_out),
        **_amount("minAmountOut", order.min_amount_out, order.token_out),
        **_amount("executedAmountIn", order.executed_amount_in, order.token_in),
        **_amount("executedAmountOut", order.executed_amount_out, order.token_out),
        "quotedPrice": _price(order, order.amount_in, order.quoted_amount_out),
        "executedPrice": _price(order, order.executed_amount_in, order.executed_amount_out),
    }


def _amount(name: str, raw: int | None, mint: str) -> dict[str, str | None]:
    return {name: whole(raw, mint), f"{name}Raw": None if raw is None else str(raw)}


def _symbol(mint: str) -> str:
    token = gateway.token_by_mint(mint)
    return token.symbol if token else mint


def _price(order: Order, paid: int | None, received: int | None) -> str | None:
    token_in, token_out = gateway.token_by_mint(order.token_in), gateway.token_by_mint(order.token_out)
    if token_in is None or token_out is None or not paid or received is None:
        return None
    return price_text(paid, token_in.decimals, received, token_out.decimals)


def _fees(order: Order) -> dict[str, str | None]:
    return {
        "lp": whole(order.lp_fee, order.lp_fee_mint),
        "lpToken": _symbol(order.lp_fee_mint) if order.lp_fee_mint else None,
        "network": _lamports(order.network_fee),
        "priority": _lamports(order.priority_fee),
    }


def _lamports(amount: int | None) -> str | None:
    return None if amount is None else from_base_units(amount, _LAMPORT_DECIMALS)


def _error(code: str, message: str) -> dict[str, str] | None:
    if not code:
        return None
    known = FailureReason(code).label if code in FailureReason.values else code
    return {"code": code, "message": message or str(known)}
