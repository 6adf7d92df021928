"""Events as they go out: the stream message of a row, and the data that each status carries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dex.types import Quote, Quotes
from orders import gateway
from orders.amounts import from_base_units, price_text
from orders.models import Order, OrderEvent


def event_message(event: OrderEvent) -> dict[str, Any]:
    """The stream message of CONTRACTS for one event row."""
    return {
        "type": "update",
        "orderId": str(event.order_id),
        "sequence": event.sequence,
        "status": event.status,
        "at": timestamp(event.at),
        **event.data,
    }


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a Z, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quote_data(quote: Quote) -> dict[str, Any]:
    """An offer as events and answers show it: whole tokens as text."""
    decimals_in = gateway.decimals_of(str(quote.token_in))
    decimals_out = gateway.decimals_of(str(quote.token_out))
    fee_token = gateway.token_by_mint(str(quote.fee_mint))
    return {
        "dex": quote.dex,
        "venue": quote.venue,
        "pool": str(quote.pool),
        "amountOut": from_base_units(quote.amount_out, decimals_out),
        "minAmountOut": from_base_units(quote.min_amount_out, decimals_out),
        "price": price_text(quote.amount_in, decimals_in, quote.amount_out, decimals_out),
        "priceImpactBps": quote.price_impact_bps,
        "fee": from_base_units(quote.fee_amount, gateway.decimals_of(str(quote.fee_mint))),
        "feeToken": fee_token.symbol if fee_token else str(quote.fee_mint),
    }


def building_data(board: Quotes) -> dict[str, Any]:
    """``building``: the best offer, the losing ones, and the venues that had none."""
    best, *losing = board.quotes
    data = {**quote_data(best), "quotes": [quote_data(quote) for quote in losing]}
    if board.errors:
        data["errors"] = [{"venue": error.venue, "code": error.code} for error in board.errors]
    return data


def submitted_data(order: Order, signature: str, attempt: int) -> dict[str, Any]:
    """``submitted``: the attempt whose signed bytes are sent from now on."""
    return {
        "dex": order.dex,
        "venue": order.venue,
        "txHash": signature,
        "explorerUrl": gateway.explorer_url(order.network, signature),
        "attempt": attempt,
    }


def executed_data(order: Order, amount_in: int, amount_out: int) -> dict[str, str]:
    """What a ``confirmed`` event says of the amounts, given in base units."""
    decimals_in, decimals_out = gateway.decimals_of(order.token_in), gateway.decimals_of(order.token_out)
    return {
        "executedAmountIn": from_base_units(amount_in, decimals_in),
        "executedAmountOut": from_base_units(amount_out, decimals_out),
        "executedPrice": price_text(amount_in, decimals_in, amount_out, decimals_out),
    }


def confirmed_data(order: Order, slot: int, amount_in: int, amount_out: int) -> dict[str, Any]:
    """``confirmed``: the transaction that landed and what really moved, in base units."""
    return {
        "dex": order.dex,
        "venue": order.venue,
        "txHash": order.signature,
        "explorerUrl": gateway.explorer_url(order.network, order.signature),
        "slot": slot,
        **executed_data(order, amount_in, amount_out),
    }


def paper_data(board: Quotes) -> dict[str, Any]:
    """``submitted`` of an order on paper: the pool that it would have used, and no transaction."""
    best = board.quotes[0]
    return {"dex": best.dex, "venue": best.venue, "txHash": None, "attempt": 0}


def retry_data(retry: int, delay_seconds: int, code: str, error: str) -> dict[str, Any]:
    """``routing`` once more: why, which retry this is, and when it comes."""
    return {"attempt": retry, "retryInMs": delay_seconds * 1000, "code": code, "error": error}


def ended_data(code: str, error: str) -> dict[str, Any]:
    """``failed``, or a step that is held back: the reason's code and a text for people."""
    return {"code": code, "error": error}


def withdrawn_data(signature: str, code: str, error: str) -> dict[str, Any]:
    """``submitted`` again: the chain has dropped the block that held the transaction."""
    return {"txHash": signature, **ended_data(code, error)}
