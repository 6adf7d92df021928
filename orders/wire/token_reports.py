"""The report of a token on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from orders import gateway
from orders.amounts import from_base_units
from orders.wire.json_types import BASE_UNITS, BOOLEAN, DECIMAL, INTEGER, TEXT, list_of, nullable
from orders.wire.message import Field, Message, ref
from orders.wire.orders import SOL, USDC
from orders.wire.routes import POOL

_LEGACY: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
_HOLDER_ADDRESS: Final = "GruYGjMXysREXk2UEkTAXbvRjEc3iJyLtpAD7A9yfXEK"


class _Held(NamedTuple):
    holder: gateway.Holder
    report: gateway.TokenReport


class _Pooled(NamedTuple):
    pool: gateway.PoolShare
    report: gateway.TokenReport


class _Tried(NamedTuple):
    trip: gateway.RoundTrip
    report: gateway.TokenReport


def _whole(amount: int, report: gateway.TokenReport) -> str:
    return from_base_units(amount, report.facts.decimals)


def _of_base(amount: str) -> Callable[[_Tried], str | None]:
    def read(tried: _Tried) -> str | None:
        base, raw = tried.report.market.base, getattr(tried.trip, amount)
        return from_base_units(raw, base.decimals) if base else None

    return read


def _authority(name: str) -> Callable[[gateway.TokenReport], str | None]:
    def read(report: gateway.TokenReport) -> str | None:
        authority = getattr(report.facts, name)
        return None if authority is None else str(authority)

    return read


_TRANSFER_FEE: Final = Message(
    "TransferFee",
    Field("bps", INTEGER, "facts.fee.bps", "of each transfer, in this epoch", example=0),
    Field(
        "maximum", DECIMAL, lambda r: _whole(r.facts.fee.maximum, r), "the most of one transfer", example="0"
    ),
)
_HOLDER: Final = Message(
    "TokenHolder",
    Field("account", TEXT, lambda h: str(h.holder.address), "a token account", example=_HOLDER_ADDRESS),
    Field(
        "amount", DECIMAL, lambda h: _whole(h.holder.amount, h.report), "what it holds", example="30000000"
    ),
    Field("inPool", BOOLEAN, "holder.in_pool", "it is the vault of one of these pools", example=True),
)
_POOL: Final = Message(
    "TokenPool",
    Field("dex", TEXT, "pool.dex", "brand of the venue", example="raydium"),
    Field("venue", TEXT, "pool.venue", "the pool's program", example="raydium-cpmm"),
    Field("pool", TEXT, lambda p: str(p.pool.address), "the pool's address", example=POOL),
    Field("against", TEXT, "pool.base.symbol", "the other token", example="SOL"),
    Field(
        "reserve",
        DECIMAL,
        lambda p: _whole(p.pool.token_reserve, p.report),
        "of the token",
        example="16500000",
    ),
    Field(
        "reserveAgainst",
        DECIMAL,
        lambda p: from_base_units(p.pool.base_reserve, p.pool.base.decimals),
        "of the other token",
        example="100000",
    ),
)
_TRIP: Final = Message(
    "RoundTrip",
    Field("spent", nullable(DECIMAL), _of_base("spent"), "of roundTripToken", example="0.1"),
    Field("bought", DECIMAL, lambda t: _whole(t.trip.bought, t.report), "of the token", example="16.458664"),
    Field("returned", nullable(DECIMAL), _of_base("returned"), "by its sale at once", example="0.099501"),
    Field("lossBps", nullable(INTEGER), "trip.loss_bps", "of what was spent, rounded up", example=50),
    Field("failed", nullable(TEXT), lambda t: t.trip.failed or None, "`purchase` or `sale`", example=None),
    Field("code", nullable(TEXT), lambda t: t.trip.code or None, "why that failed", example=None),
)
TOKEN_REPORT: Final = Message(
    "TokenReport",
    Field("slot", INTEGER, "slot", "of what was read of the mint", example=9),
    Field("mint", TEXT, lambda r: str(r.facts.address), "mint address", example=USDC),
    Field(
        "symbol",
        TEXT,
        lambda r: r.token.symbol if r.token.verified else r.names.symbol,
        "of the list, else what the mint says of itself: it names nothing",
        example="USDC",
    ),
    Field(
        "name",
        TEXT,
        lambda r: r.token.name if r.token.verified else r.names.name,
        "the same",
        example="USD Coin",
    ),
    Field("verified", BOOLEAN, "token.verified", "it is on the list", example=True),
    Field("program", TEXT, lambda r: str(r.facts.program), "SPL Token or Token-2022", example=_LEGACY),
    Field("decimals", INTEGER, "facts.decimals", example=6),
    Field("supply", DECIMAL, lambda r: _whole(r.facts.supply, r), "all that there is", example="60000000"),
    Field(
        "supplyRaw",
        BASE_UNITS,
        lambda r: str(r.facts.supply),
        "the same in base units",
        example="60000000000000",
    ),
    Field("mintAuthority", nullable(TEXT), _authority("mint_authority"), "who can make more", example=SOL),
    Field(
        "freezeAuthority",
        nullable(TEXT),
        _authority("freeze_authority"),
        "who can freeze accounts",
        example=None,
    ),
    Field("extensions", list_of(TEXT), lambda r: list(r.facts.extensions), "of Token-2022", example=[]),
    Field("transferFee", ref(_TRANSFER_FEE), _TRANSFER_FEE.of, "what the token keeps of a transfer"),
    Field(
        "holders",
        nullable(list_of(_HOLDER)),
        lambda r: None if r.holders is None else [_HOLDER.of(_Held(each, r)) for each in r.holders],
        "the largest, at most 20; null where no node lists them",
        example=[_HOLDER.example()],
    ),
    Field(
        "pools",
        list_of(_POOL),
        lambda r: [_POOL.of(_Pooled(each, r)) for each in r.market.pools],
        "against SOL, USDC and USDT",
    ),
    Field(
        "roundTripToken",
        nullable(TEXT),
        lambda r: r.market.base.symbol if r.market.base else None,
        "what the round trips spend; null without a pool",
        example="SOL",
    ),
    Field(
        "roundTrips",
        list_of(_TRIP),
        lambda r: [_TRIP.of(_Tried(each, r)) for each in r.market.trips],
        "bought, and sold again in the state that the purchase leaves, at two sizes",
    ),
    Field(
        "canBeSold",
        nullable(BOOLEAN),
        "market.can_be_sold",
        "a purchase of those could be sold again; null where none could be bought",
        example=True,
    ),
    Field("warnings", list_of(TEXT), lambda r: list(r.warnings), "stable codes", example=["MINT_AUTHORITY"]),
    Field("refused", list_of(TEXT), lambda r: list(r.refused), "for which orders are refused", example=[]),
)


def token_report_as_wire(report: gateway.TokenReport) -> dict[str, Any]:
    """A report as answers carry it."""
    return TOKEN_REPORT.of(report)
