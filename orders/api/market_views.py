"""REST calls of the market: what a swap would give now, and what the wallet holds."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders import gateway
from orders.amounts import to_base_units
from orders.api import schema
from orders.api.endpoint import Endpoint
from orders.errors import ChainUnavailable, NoRoute, SameToken
from orders.records import kill_switch
from orders.wallets import funds
from orders.wire.holdings import HOLDINGS, Wallet
from orders.wire.offers import QUOTE_BOARD, Asked, venue_errors
from orders.wire.request_fields import bounded_integer
from orders.wire.requests import parse_order
from orders.wire.token_reports import token_report_as_wire

_QUOTE_FIELDS = ("tokenIn", "tokenOut", "amount", "amountIn", "amountInRaw")


class Quotes(Endpoint):
    """Quotes of all venues."""

    query = schema.QUOTES_QUERY

    @extend_schema(**schema.QUOTES)
    def get(self, request: Request) -> Response:
        """What each venue would pay, best first; no order is made."""
        query = self.values
        intent = parse_order({name: query[name] for name in _QUOTE_FIELDS if query.get(name)})
        slippage = bounded_integer(
            query, "slippageBps", settings.DEFAULT_SLIPPAGE_BPS, 0, settings.MAX_SLIPPAGE_BPS
        )
        token_in, token_out = gateway.named_token(intent.token_in), gateway.named_token(intent.token_out)
        if token_in.mint == token_out.mint:
            raise SameToken()
        amount_in = intent.amount_raw
        if intent.amount is not None:
            amount_in = to_base_units(intent.amount, token_in.decimals)
        assert amount_in is not None, "parse_order requires one of the two amounts"
        board = gateway.quote_pair(token_in, token_out, amount_in, slippage)
        if not board.quotes:
            raise NoRoute(slot=board.slot, errors=venue_errors(board))
        return Response(QUOTE_BOARD.of(Asked(board, token_in, token_out, amount_in, slippage)))


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
        return Response(HOLDINGS.of(Wallet(wallet, switch, tokens, balances, committed)))


class TokenByMint(Endpoint):
    """One token, listed or not."""

    @extend_schema(**schema.TOKEN)
    def get(self, request: Request, mint: str) -> Response:
        """Mint, holders and pools as they are now, and a purchase sold again, quoted and not executed."""
        return Response(token_report_as_wire(gateway.token_report(mint)))
