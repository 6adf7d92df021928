"""Routes as answers and events show them: paths with their shares, and each path's legs."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from solders.pubkey import Pubkey

from dex.types import Path, Quote, Route
from orders import gateway
from orders.amounts import from_base_units
from orders.wire.json_types import DECIMAL, INTEGER, TEXT, list_of
from orders.wire.message import Field, Message

POOL: Final = "7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny"
_ALL_BPS: Final = 10_000


class Share(NamedTuple):
    """A path of a route and its part of the input, in basis points."""

    path: Path
    share_bps: int


def _whole(raw: int, mint: Pubkey) -> str:
    return from_base_units(raw, gateway.decimals_of(str(mint)))


def _symbol(mint: Pubkey) -> str:
    token = gateway.token_by_mint(str(mint))
    return token.symbol if token else str(mint)


def _spent(path: Path) -> str:
    return _whole(path.amount_in, path.legs[0].token_in)


def _paid(path: Path) -> str:
    return _whole(path.amount_out, path.legs[-1].token_out)


def _leg_amount_in(leg: Quote) -> str:
    return _whole(leg.amount_in, leg.token_in)


def _leg_amount_out(leg: Quote) -> str:
    return _whole(leg.amount_out, leg.token_out)


_LEG: Final = Message(
    "Leg",
    Field("dex", TEXT, "dex", "brand of the venue", example="raydium"),
    Field("venue", TEXT, "venue", "the program that holds the pool", example="raydium-cpmm"),
    Field("pool", TEXT, lambda leg: str(leg.pool), "the pool's address", example=POOL),
    Field("tokenIn", TEXT, lambda leg: _symbol(leg.token_in), "what the pool takes", example="SOL"),
    Field("tokenOut", TEXT, lambda leg: _symbol(leg.token_out), "what the pool pays", example="USDC"),
    Field("amountIn", DECIMAL, _leg_amount_in, "as quoted, whole tokens", example="5"),
    Field("amountOut", DECIMAL, _leg_amount_out, "as quoted, whole tokens", example="823.575312"),
    Field("fee", DECIMAL, lambda leg: _whole(leg.fee_amount, leg.fee_mint), "the pool's", example="0.0125"),
    Field("feeToken", TEXT, lambda leg: _symbol(leg.fee_mint), "the token of the fee", example="SOL"),
    Field("priceImpactBps", INTEGER, "price_impact_bps", "how far the leg moves the pool's price"),
    Field(
        "transferFeeIn",
        DECIMAL,
        lambda leg: _whole(leg.transfer_fee_in, leg.token_in) if leg.transfer_fee_in else None,
        "what tokenIn itself keeps of its transfer; left out where it keeps nothing",
        optional=True,
    ),
    Field(
        "transferFeeOut",
        DECIMAL,
        lambda leg: _whole(leg.transfer_fee_out, leg.token_out) if leg.transfer_fee_out else None,
        "the same of tokenOut; amountOut is without it",
        optional=True,
    ),
)
_PATH: Final = Message(
    "Path",
    Field("shareBps", INTEGER, "share_bps", "of the input; all paths come to 10000", example=_ALL_BPS),
    Field("amountIn", DECIMAL, lambda share: _spent(share.path), "the most it spends", example="5"),
    Field("amountOut", DECIMAL, lambda share: _paid(share.path), "what it pays", example="823.575312"),
    Field(
        "legs",
        list_of(_LEG),
        lambda share: [_LEG.of(leg) for leg in share.path.legs],
        "its pools, in the order of their swaps",
    ),
)
ROUTE: Final = list_of(_PATH)
ROUTE_EXAMPLE: Final = [_PATH.example()]


def route_as_wire(route: Route) -> list[dict[str, Any]]:
    """The paths of a route; their ``shareBps`` of the input come to 10,000."""
    total, shared, begun = route.amount_in, 0, 0
    paths = []
    for path in route.paths:
        begun += path.amount_in
        share_bps = begun * _ALL_BPS // total - shared
        shared += share_bps
        paths.append(_PATH.of(Share(path, share_bps)))
    return paths
