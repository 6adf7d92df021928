"""What events are made of: the facts that a step leaves, and the fields that show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from orders import gateway
from orders.amounts import from_base_units, price_text
from orders.lifecycle import PAPER, FailureReason
from orders.models import Order
from orders.wire.json_types import (
    BASE_UNITS,
    DECIMAL,
    DETAILS,
    INTEGER,
    TEXT,
    constant,
    list_of,
    nullable,
)
from orders.wire.message import Field, Rows, ref
from orders.wire.offers import LOST_OFFER, OFFER, OTHER_OFFER, ROUTE_TAKEN, VENUE_ERROR, lost_offer

SIGNATURE: Final = "2Qxi7AwEqqJcbHaGVsPdmWe1hxDS1nJ9rWyLsXroRVsu73WZTSSRrBFafVaMuPipMSiXHSkN4ndMLcwQ6ZqUZFym"
EXPLORER_URL: Final = f"https://explorer.solana.com/tx/{SIGNATURE}?cluster=devnet"


class Sent(NamedTuple):
    """A transaction whose signed bytes are sent from now on."""

    order: Order
    signature: str
    attempt: int


class Landed(NamedTuple):
    """A transaction that landed, and what really moved, in base units."""

    order: Order
    slot: int
    amount_in: int
    amount_out: int | None

    @property
    def signature(self) -> str:
        """The transaction's."""
        return self.order.signature


class Ended(NamedTuple):
    """The code of a reason, a text for people, and figures."""

    code: str
    error: str
    details: Mapping[str, str] | None = None


class Retry(NamedTuple):
    """Which retry comes, when, and why."""

    number: int
    delay_seconds: int
    code: str
    error: str
    details: Mapping[str, str] | None = None


def _moved_in(landed: Landed) -> str:
    return from_base_units(landed.amount_in, gateway.decimals_of(landed.order.token_in))


def _moved_out(landed: Landed) -> str | None:
    if landed.amount_out is None:
        return None
    return from_base_units(landed.amount_out, gateway.decimals_of(landed.order.token_out))


def _moved_price(landed: Landed) -> str | None:
    if landed.amount_out is None:
        return None
    decimals_in = gateway.decimals_of(landed.order.token_in)
    decimals_out = gateway.decimals_of(landed.order.token_out)
    return price_text(landed.amount_in, decimals_in, landed.amount_out, decimals_out)


BEST: Final = Rows(*OFFER.fields, ROUTE_TAKEN)
BOARD: Final = Rows(
    Field(
        "quotes",
        list_of(LOST_OFFER),
        lambda board: [lost_offer(quote) for quote in board.quotes[1:]],
        "the offers that lost",
        example=[OTHER_OFFER],
    ),
    Field(
        "errors",
        list_of(VENUE_ERROR),
        lambda board: [VENUE_ERROR.of(error) for error in board.errors] or None,
        "venues without an offer",
        optional=True,
    ),
)
VENUE_FIELDS: Final = (
    Field("dex", TEXT, "order.dex", "brand of the venue", example="raydium"),
    Field("venue", TEXT, "order.venue", "the program that holds the pool", example="raydium-cpmm"),
)
TX_HASH: Final = Field(
    "txHash", nullable(TEXT), "signature", "the transaction's signature; null on paper", example=SIGNATURE
)
EXPLORER_LINK: Final = Field(
    "explorerUrl",
    TEXT,
    lambda of: gateway.explorer_url(of.order.network, of.signature),
    "where people can look the transaction up",
    example=EXPLORER_URL,
)
ATTEMPT_NUMBER: Final = Field("attempt", INTEGER, "attempt", "which transaction of the order; 0 on paper")
SENT: Final = Rows(*VENUE_FIELDS, TX_HASH, EXPLORER_LINK, ATTEMPT_NUMBER)
EXECUTED: Final = Rows(
    Field("executedAmountIn", DECIMAL, _moved_in, "what really left the wallet", example="5"),
    Field(
        "executedAmountOut",
        nullable(DECIMAL),
        _moved_out,
        "what really came in; null for a budget, which buys several tokens",
        example="823.575312",
    ),
    Field("executedPrice", nullable(DECIMAL), _moved_price, "tokenOut per tokenIn", example="164.7150624"),
)
SLOT: Final = Field("slot", nullable(INTEGER), "slot", "the block's slot; null on paper", example=10)
LANDED: Final = Rows(*VENUE_FIELDS, TX_HASH, EXPLORER_LINK, SLOT, *EXECUTED.fields)
REASON: Final = Rows(
    Field("code", TEXT, "code", "a reason's stable code", example=FailureReason.NO_ROUTE.value),
    Field("error", TEXT, "error", "the reason in words", example=str(FailureReason.NO_ROUTE.label)),
    Field("details", DETAILS, "details", "figures behind the reason", optional=True),
)
RETRY: Final = Rows(
    Field("attempt", INTEGER, "number", "which retry this is"),
    Field("retryInMs", INTEGER, lambda retry: retry.delay_seconds * 1000, "when it comes", example=1000),
    *REASON.fields,
)
PAPER_FIELDS: Final = (
    Field("network", constant(PAPER), means="only for an order that swaps nothing", optional=True),
    Field("note", TEXT, means="says that nothing was swapped", optional=True),
)


FIRED: Final = (
    Field(
        "quote", ref(LOST_OFFER), means="the executable quote that fired an order that waits", optional=True
    ),
    Field("slot", INTEGER, means="the slot of that quote", optional=True),
)
COST: Final = (
    Field("costLamports", BASE_UNITS, means="what the attempts in vain have cost so far", optional=True),
)
