"""New pools on the wire."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from orders import gateway
from orders.amounts import from_base_units
from orders.models import Launch, LaunchSource, Mint, OpeningUnit
from orders.wire.json_types import (
    BASE_UNITS,
    BOOLEAN,
    DECIMAL,
    INSTANT,
    INTEGER,
    TEXT,
    list_of,
    nullable,
    one_of,
    timestamp,
)
from orders.wire.message import Field, Message, ref
from orders.wire.orders import SOL, USDC
from orders.wire.routes import POOL

CREATED: Final = "created"
FUNDED: Final = "funded"
OPEN: Final = "open"
_CURVES: Final = ("launchlab", "dbc", "pump")
_CREATOR: Final = "GruYGjMXysREXk2UEkTAXbvRjEc3iJyLtpAD7A9yfXEK"
_FLAGS: Final = ["MINT_AUTHORITY", "FREEZE_AUTHORITY"]


class Shown(NamedTuple):
    """A launch, with what its mint says of itself where it has been read."""

    row: Launch
    mint: Mint | None

    @property
    def state(self) -> str:
        """The last of its three moments that has come."""
        if self.row.funded_at is None:
            return CREATED
        return FUNDED if self.row.opened_at is None else OPEN

    @property
    def whole_liquidity(self) -> str | None:
        """In whole tokens of the quote mint; None where that is not known, or its decimals."""
        quote = gateway.token_by_mint(self.row.quote_mint)
        if self.row.liquidity is None or quote is None:
            return None
        return from_base_units(self.row.liquidity, quote.decimals)

    @property
    def quote_symbol(self) -> str | None:
        """Of the list."""
        quote = gateway.listed_token(self.row.quote_mint)
        return quote.symbol if quote else None


_OPENING: Final = Message(
    "LaunchOpening",
    Field("unit", one_of(unit for unit in OpeningUnit.values if unit), "opens_unit", "what it is counted in"),
    Field("point", INTEGER, "opens_at_point", "slot, or seconds since the epoch", example=1_795_000_000),
    Field("after", BOOLEAN, "opens_after", "swaps begin one unit later, not at it"),
)
LAUNCH: Final = Message(
    "Launch",
    Field("pool", TEXT, "row.pool", "the pool's address", example=POOL),
    Field("dex", TEXT, lambda of: gateway.venue_brands().get(of.row.venue, ""), "brand", example="raydium"),
    Field("venue", TEXT, "row.venue", "the pool's program", example="raydium-cpmm"),
    Field("mint", TEXT, "row.token_mint", "of the new token", example=USDC),
    Field("symbol", TEXT, lambda of: of.mint.symbol if of.mint else "", "as it calls itself", example="NEW"),
    Field("name", TEXT, lambda of: of.mint.name if of.mint else "", "the same", example="New token"),
    Field("quoteMint", TEXT, "row.quote_mint", "of the other token", example=SOL),
    Field("quoteSymbol", nullable(TEXT), "quote_symbol", "of the list", example="SOL"),
    Field(
        "creator",
        nullable(TEXT),
        lambda of: of.row.creator or None,
        "as the chain names it",
        example=_CREATOR,
    ),
    Field("signature", nullable(TEXT), lambda of: of.row.signature or None, "of its creation", example=None),
    Field("source", one_of(LaunchSource.values), "row.source", "what showed it first"),
    Field("seenAt", INSTANT, lambda of: timestamp(of.row.seen_at), "when"),
    Field("seenSlot", INTEGER, "row.seen_slot", "the slot that showed it", example=404_000_067),
    Field(
        "graduatedFrom",
        nullable(one_of(_CURVES)),
        lambda of: of.row.graduated_from or None,
        "the curve on which it was sold before",
        example=None,
    ),
    Field("state", one_of((CREATED, FUNDED, OPEN)), "state", "the last of its three moments that has come"),
    Field(
        "opens",
        nullable(ref(_OPENING)),
        lambda of: _OPENING.of(of.row) if of.row.opens_at_point is not None else None,
        "when swaps begin; null: with its creation",
    ),
    Field("fundedAt", nullable(INSTANT), lambda of: timestamp(of.row.funded_at), "seen to hold liquidity"),
    Field(
        "openedAt",
        nullable(INSTANT),
        lambda of: timestamp(of.row.opened_at),
        "by the chain's clock where the opening is a time",
    ),
    Field("liquidity", nullable(DECIMAL), "whole_liquidity", "of the quote token in its vault", example="50"),
    Field(
        "liquidityRaw",
        nullable(BASE_UNITS),
        lambda of: None if of.row.liquidity is None else str(of.row.liquidity),
        "the same in base units",
        example="50000000000",
    ),
    Field(
        "feeBps",
        nullable(INTEGER),
        "row.fee_bps",
        "what a small purchase pays now, or will pay at the opening; null where none can be made",
        example=25,
    ),
    Field("flags", list_of(TEXT), lambda of: list(of.row.flags), "stable codes of warnings", example=_FLAGS),
    Field("checkedAt", nullable(INSTANT), lambda of: timestamp(of.row.checked_at), "when it was looked at"),
)
LAUNCH_PAGE: Final = Message(
    "LaunchPage",
    Field("next", nullable(TEXT), means="address of the page with older ones", example=None),
    Field("previous", nullable(TEXT), means="address of the page with newer ones", example=None),
    Field("results", list_of(LAUNCH), means="newest first"),
)


def launches_as_wire(rows: list[Launch]) -> list[dict[str, Any]]:
    """Launches as answers carry them."""
    found = Mint.objects.filter(address__in={row.token_mint for row in rows})
    mints = {(mint.network, mint.address): mint for mint in found}
    return [LAUNCH.of(Shown(row, mints.get((row.network, row.token_mint)))) for row in rows]
