"""REST calls of the market: what a swap would give now, and what the wallet holds."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dex.types import SwapMode, Token
from orders import gateway
from orders.amounts import to_base_units
from orders.api import queries, schema
from orders.api.endpoint import Endpoint
from orders.errors import AmountTooSmall, ChainUnavailable, InvalidRequest, NoRoute, SameToken
from orders.intake.route_bounds import bounds_of
from orders.lifecycle import FailureReason
from orders.records import kill_switch, open_orders
from orders.wallets import funds
from orders.wire.holdings import HOLDINGS, Wallet
from orders.wire.offers import QUOTE_BOARD, Asked, venue_errors
from orders.wire.request_fields import bounded_integer
from orders.wire.request_parsing import parse_quote
from orders.wire.requests import BOUND_FIELDS, OrderIntent
from orders.wire.token_reports import token_report_as_wire

_QUOTE_FIELDS = (
    *("tokenIn", "tokenOut", "amount", "amountIn", "amountInRaw", "amountOut", "amountOutRaw"),
    *BOUND_FIELDS,
)
_MODES = {"exactin": SwapMode.EXACT_IN, "exact_in": SwapMode.EXACT_IN} | {
    "exactout": SwapMode.EXACT_OUT,
    "exact_out": SwapMode.EXACT_OUT,
}


class Quotes(Endpoint):
    """Quotes of all venues."""

    query = queries.QUOTES_QUERY

    @extend_schema(**schema.QUOTES)
    def get(self, request: Request) -> Response:
        """What each venue would pay, or ask for, best first; no order is made."""
        query = self.values
        mode = _mode(query.get("swapMode") or "exactIn")
        intent = parse_quote({name: query[name] for name in _QUOTE_FIELDS if query.get(name)}, mode)
        bounds = bounds_of(intent)
        slippage = bounded_integer(
            query, "slippageBps", settings.DEFAULT_SLIPPAGE_BPS, 0, settings.MAX_SLIPPAGE_BPS
        )
        token_in, token_out = gateway.named_token(intent.token_in), gateway.named_token(intent.token_out)
        if token_in.mint == token_out.mint:
            raise SameToken()
        fixed = token_out if mode is SwapMode.EXACT_OUT else token_in
        board = gateway.quote_pair(token_in, token_out, _amount(intent, fixed), slippage, mode, bounds)
        if not board.quotes:
            reason = gateway.of_venue_errors(board.errors).reason
            refusal = AmountTooSmall if reason is FailureReason.AMOUNT_TOO_SMALL else NoRoute
            raise refusal(slot=board.slot, errors=venue_errors(board))
        return Response(QUOTE_BOARD.of(Asked(board, token_in, token_out, slippage)))


def _mode(text: str) -> SwapMode:
    mode = _MODES.get(text.lower())
    if mode is None:
        raise InvalidRequest(swapMode="exactIn or exactOut")
    return mode


def _amount(intent: OrderIntent, fixed: Token) -> int:
    """What is asked for, in base units of the token that the mode fixes."""
    raw = intent.amount_raw or intent.amount_out_raw
    if raw is not None:
        return raw
    whole = intent.amount or intent.amount_out
    assert whole is not None, "parse_quote requires one of the amounts"
    return to_base_units(whole, fixed.decimals)


class Tokens(Endpoint):
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
        tokens, taken = gateway.tokens(), funds.committed()
        committed = {str(token.mint): taken.of(wallet, str(token.mint)) for token in tokens}
        waiting = open_orders.needed(wallet)
        return Response(HOLDINGS.of(Wallet(wallet, switch, tokens, balances, committed, waiting)))


class TokenByMint(Endpoint):
    """One token, listed or not."""

    @extend_schema(**schema.TOKEN)
    def get(self, request: Request, mint: str) -> Response:
        """Mint, holders and pools as they are now, and a purchase sold again, quoted and not executed."""
        return Response(token_report_as_wire(gateway.token_report(mint)))
