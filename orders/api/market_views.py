"""REST doors of the market: what a swap would give now, and what the wallet holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dex.types import Quote, Token
from orders import gateway
from orders.amounts import from_base_units, to_base_units
from orders.api import filters, schema
from orders.errors import ChainUnavailable, NoRoute, SameToken
from orders.records import kill_switch
from orders.wire.events import quote_data
from orders.wire.request_fields import bounded_integer
from orders.wire.requests import parse_order

_QUOTE_FIELDS = ("tokenIn", "tokenOut", "amount", "amountIn", "amountInRaw")


class Quotes(APIView):
    """Quotes of all venues."""

    @extend_schema(**schema.QUOTES)
    def get(self, request: Request) -> Response:
        """What each venue would pay, best first; no order is made."""
        query = filters.single_values(request.query_params)
        intent = parse_order({name: query[name] for name in _QUOTE_FIELDS if query.get(name)})
        slippage = bounded_integer(
            query, "slippageBps", settings.DEFAULT_SLIPPAGE_BPS, 0, settings.MAX_SLIPPAGE_BPS
        )
        token_in, token_out = gateway.find_token(intent.token_in), gateway.find_token(intent.token_out)
        if token_in.mint == token_out.mint:
            raise SameToken()
        amount_in = intent.amount_raw
        if intent.amount is not None:
            amount_in = to_base_units(intent.amount, token_in.decimals)
        assert amount_in is not None, "parse_order requires one of the two amounts"
        board = gateway.quote_pair(token_in, token_out, amount_in, slippage)
        failures = [{"venue": e.venue, "code": e.code, "message": e.message} for e in board.errors]
        if not board.quotes:
            raise NoRoute(slot=board.slot, errors=failures)
        quotes = [_quote_as_wire(quote) for quote in board.quotes]
        return Response(
            {
                "slot": board.slot,
                "tokenIn": token_in.symbol,
                "tokenOut": token_out.symbol,
                "amountIn": from_base_units(amount_in, token_in.decimals),
                "amountInRaw": str(amount_in),
                "slippageBps": slippage,
                "best": quotes[0],
                "quotes": quotes,
                "errors": failures,
            }
        )


class Tokens(APIView):
    """The configured tokens."""

    @extend_schema(**schema.TOKENS)
    def get(self, request: Request) -> Response:
        """The tokens that can be swapped and what the wallet holds of each.

        Balances are null while the Solana node gives no usable answer.
        """
        wallet, balances = settings.WALLET_ADDRESS, None
        switch = kill_switch.state()
        try:
            held = gateway.holdings()
            wallet, balances = held.wallet, held.by_mint
        except ChainUnavailable:
            pass
        return Response(
            {
                "wallet": wallet or None,
                "network": settings.SOLANA_NETWORK,
                "trading": "on" if switch.is_on else "off",
                "tradingReason": switch.reason,
                "tokens": [_token_as_wire(token, balances) for token in gateway.tokens()],
            }
        )


def _quote_as_wire(quote: Quote) -> dict[str, Any]:
    raw = {"amountOutRaw": str(quote.amount_out), "minAmountOutRaw": str(quote.min_amount_out)}
    return quote_data(quote) | raw


def _token_as_wire(token: Token, balances: Mapping[str, int] | None) -> dict[str, Any]:
    raw = None if balances is None else balances.get(str(token.mint), 0)
    return {
        "symbol": token.symbol,
        "name": token.name,
        "mint": str(token.mint),
        "decimals": token.decimals,
        "balance": None if raw is None else from_base_units(raw, token.decimals),
        "balanceRaw": None if raw is None else str(raw),
    }
