"""Offers of pools as events and answers show them: whole tokens as text, in quotes also base units."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

from solders.pubkey import Pubkey

from dex.types import Quotes, Route, SwapMode, Token
from orders import gateway
from orders.amounts import from_base_units, price_text
from orders.wire.json_types import BASE_UNITS, DECIMAL, INTEGER, TEXT, list_of, one_of
from orders.wire.message import Field, Message, ref
from orders.wire.routes import POOL, ROUTE, route_as_wire


class Asked(NamedTuple):
    """All offers for an amount of one token in another."""

    board: Quotes
    token_in: Token
    token_out: Token
    slippage_bps: int


def _out(quote: Route, raw: int) -> str:
    return from_base_units(raw, gateway.decimals_of(str(quote.token_out)))


def _least(quote: Route) -> int:
    return quote.amount_out if quote.mode is SwapMode.EXACT_OUT else quote.min_amount_out


def _most(quote: Route) -> int:
    return quote.max_amount_in if quote.mode is SwapMode.EXACT_OUT else quote.amount_in


def _in(quote: Route, raw: int) -> str:
    return from_base_units(raw, gateway.decimals_of(str(quote.token_in)))


def _price(quote: Route) -> str:
    decimals_in = gateway.decimals_of(str(quote.token_in))
    decimals_out = gateway.decimals_of(str(quote.token_out))
    return price_text(quote.amount_in, decimals_in, quote.amount_out, decimals_out)


def _fee(quote: Route) -> str:
    return from_base_units(quote.fee_amount, gateway.decimals_of(str(quote.fee_mint)))


def _fee_token(quote: Route) -> str:
    token = gateway.token_by_mint(str(quote.fee_mint))
    return token.symbol if token else str(quote.fee_mint)


def _swap_mode(asked: Asked) -> str:
    return "exactOut" if asked.board.request.mode is SwapMode.EXACT_OUT else "exactIn"


OFFER: Final = Message(
    "Offer",
    Field("dex", TEXT, "dex", "brand of the venue", example="raydium"),
    Field("venue", TEXT, "venue", "the program that holds the pool", example="raydium-cpmm"),
    Field("pool", TEXT, lambda quote: str(quote.pool), "the pool's address", example=POOL),
    Field(
        "amountOut",
        DECIMAL,
        lambda quote: _out(quote, quote.amount_out),
        "what the pool pays now, whole tokens",
        example="823.575312",
    ),
    Field(
        "minAmountOut",
        DECIMAL,
        lambda quote: _out(quote, _least(quote)),
        "the least that the transaction accepts",
        example="819.457436",
    ),
    Field("price", DECIMAL, _price, "tokenOut per tokenIn", example="164.7150624"),
    Field("priceImpactBps", INTEGER, "price_impact_bps", "how far the swap moves the pool's price"),
    # Optional, as offers of before are stored without it.
    Field(
        "costBps",
        INTEGER,
        "cost_bps",
        "price impact and the pool's fee together",
        optional=True,
        example=26,
    ),
    Field("fee", DECIMAL, _fee, "the pool's fee", example="0.0125"),
    Field("feeToken", TEXT, _fee_token, "the token of the fee", example="SOL"),
)
ROUTE_TAKEN: Final = Field("route", ROUTE, route_as_wire, "the pools that share the amount")
LOST_OFFER: Final = Message(
    "LostOffer",
    *OFFER.fields,
    Field(
        "route",
        ROUTE,
        lambda quote: route_as_wire(quote) if len(quote.legs) > 1 else None,
        "left out where it is the one pool",
        optional=True,
    ),
)


def lost_offer(route: Route) -> dict[str, Any]:
    """An offer as the events of an order that took another one show it.

    Orders of one batch lose against the same offers, and each is written down with all of them.
    """
    return dict(_lost_offer(route, tuple([gateway.token_by_mint(_text_of(mint)) for mint in route.mints])))


@lru_cache(maxsize=4096)
def _text_of(mint: Pubkey) -> str:
    return str(mint)


@lru_cache(maxsize=1024)
def _lost_offer(route: Route, _tokens: tuple[Token | None, ...]) -> dict[str, Any]:
    return LOST_OFFER.of(route)


OTHER_OFFER: Final = OFFER.example(
    dex="meteora",
    venue="meteora-damm-v2",
    pool="GruYGjMXysREXk2UEkTAXbvRjEc3iJyLtpAD7A9yfXEK",
    amountOut="822.276408",
    minAmountOut="818.165026",
    price="164.4552816",
    fee="2.060844",
    feeToken="USDC",
)
VENUE_ERROR: Final = Message(
    "VenueError",
    Field("venue", TEXT, "venue", example="raydium-cpmm"),
    Field("code", TEXT, "code", "why the venue has no offer", example="POOL_DISABLED"),
)
QUOTE: Final = Message(
    "Quote",
    *OFFER.fields,
    ROUTE_TAKEN,
    Field("amountOutRaw", BASE_UNITS, lambda quote: str(quote.amount_out), example="823575312"),
    Field("minAmountOutRaw", BASE_UNITS, lambda quote: str(_least(quote)), example="819457436"),
    Field("amountIn", DECIMAL, lambda quote: _in(quote, quote.amount_in), "what it asks for", example="5"),
    Field("amountInRaw", BASE_UNITS, lambda quote: str(quote.amount_in), example="5000000000"),
    Field(
        "maxAmountIn",
        DECIMAL,
        lambda quote: _in(quote, _most(quote)),
        "the most that it may take",
        example="5",
    ),
    Field("maxAmountInRaw", BASE_UNITS, lambda quote: str(_most(quote)), example="5000000000"),
)
_REFUSAL: Final = Message(
    "VenueRefusal",
    *VENUE_ERROR.fields,
    Field("message", TEXT, "message", "the same for people", example="The pool does not accept swaps now"),
)
QUOTE_BOARD: Final = Message(
    "QuoteBoard",
    Field("slot", INTEGER, "board.slot", "the slot of all account data that was read", example=9),
    Field("tokenIn", TEXT, "token_in.symbol", example="SOL"),
    Field("tokenOut", TEXT, "token_out.symbol", example="USDC"),
    Field(
        "swapMode", one_of(["exactIn", "exactOut"]), _swap_mode, "which amount is fixed", example="exactIn"
    ),
    Field(
        "amountIn",
        DECIMAL,
        lambda asked: _in(asked.board.quotes[0], asked.board.quotes[0].amount_in),
        "what is sold; with exactOut by the best quote",
        example="5",
    ),
    Field(
        "amountInRaw", BASE_UNITS, lambda asked: str(asked.board.quotes[0].amount_in), example="5000000000"
    ),
    Field(
        "slippageBps", INTEGER, "slippage_bps", "what minAmountOut, or maxAmountIn, allows for", example=50
    ),
    Field("best", ref(QUOTE), lambda asked: QUOTE.of(asked.board.quotes[0]), "the first of quotes"),
    Field(
        "quotes",
        list_of(QUOTE),
        lambda asked: [QUOTE.of(quote) for quote in asked.board.quotes],
        "best first",
        example=[QUOTE.example(), QUOTE.example(**OTHER_OFFER)],
    ),
    Field(
        "errors",
        list_of(_REFUSAL),
        lambda asked: venue_errors(asked.board),
        "venues without an offer",
        example=[],
    ),
)


def venue_errors(board: Quotes) -> list[dict[str, Any]]:
    """Why venues have no offer."""
    return [_REFUSAL.of(error) for error in board.errors]
