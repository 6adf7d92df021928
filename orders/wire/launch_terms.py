"""What a request says of a sniper order: which new pools it takes, and what becomes of what it has bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from orders.amounts import decimal_text, parse_amount
from orders.wire import request_fields
from orders.wire.json_types import AMOUNT, TEXT, integer, list_of, one_of
from orders.wire.message import Field, Message, ref
from orders.wire.request_fields import Readers, object_of, optional, wire, within

# What may be asked of a token and its pool.
MINT_AUTHORITY_REVOKED: Final = "mintAuthorityRevoked"
FREEZE_AUTHORITY_REVOKED: Final = "freezeAuthorityRevoked"
FEE_AUTHORITY_REVOKED: Final = "feeAuthorityRevoked"
LP_BURNED: Final = "lpBurned"
METADATA_IMMUTABLE: Final = "metadataImmutable"
SELLABLE: Final = "sellable"
MAX_HOLDER_SHARE: Final = "maxHolderShare"
REQUIREMENTS: Final = (
    MINT_AUTHORITY_REVOKED,
    FREEZE_AUTHORITY_REVOKED,
    FEE_AUTHORITY_REVOKED,
    LP_BURNED,
    METADATA_IMMUTABLE,
    SELLABLE,
    MAX_HOLDER_SHARE,
)
_MOST_BLOCKED: Final = 1_000
_MOST_SECONDS: Final = 31 * 86_400
MOST_GAIN_BPS: Final = 10_000_000
_ALL_BPS: Final = 10_000
MOST_ORDERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class LaunchTerms:
    """Which pools a sniper order takes; ``min_liquidity`` in whole tokens of what it sells.

    ``require`` is None where the request leaves it to the settings.
    """

    min_liquidity: Decimal | None = None
    max_fee_bps: int | None = None
    max_round_trip_bps: int | None = None
    max_holder_share_bps: int | None = None
    require: tuple[str, ...] | None = None
    blocked_creators: tuple[str, ...] = ()
    open_within_seconds: int | None = None

    def as_json(self) -> dict[str, Any]:
        """What was said, in one spelling."""
        said: dict[str, Any] = {
            "minLiquidity": self.min_liquidity and str(self.min_liquidity.normalize()),
            "maxFeeBps": self.max_fee_bps,
            "maxRoundTripBps": self.max_round_trip_bps,
            "maxHolderShareBps": self.max_holder_share_bps,
            "require": None if self.require is None else sorted(self.require),
            "blockedCreators": sorted(self.blocked_creators),
            "openWithinSeconds": self.open_within_seconds,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ExitLevel:
    """Where a position ends: at a price, or at a share of what was paid gained or lost."""

    price: Decimal | None = None
    bps: int | None = None
    slippage_bps: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a group keeps it until its entry is confirmed."""
        found = {"price": decimal_text(self.price), "bps": self.bps, "slippageBps": self.slippage_bps}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PositionExit:
    """How what a sniper order has bought is sold again; of the levels at most one is filled."""

    take_profit: ExitLevel | None = None
    stop_loss: ExitLevel | None = None
    after_seconds: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a group keeps it until its entry is confirmed."""
        found: dict[str, Any] = {
            "takeProfit": self.take_profit and self.take_profit.as_json(),
            "stopLoss": self.stop_loss and self.stop_loss.as_json(),
            "afterSeconds": self.after_seconds,
        }
        return {name: value for name, value in found.items() if value is not None}


_BPS: Final = within(0, _ALL_BPS)


def _names(value: object) -> tuple[str, ...]:
    by_spelling = {request_fields.spelling(name): name for name in REQUIREMENTS}
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"a list of {', '.join(REQUIREMENTS)}")
    found = [by_spelling.get(request_fields.spelling(request_fields.word(name))) for name in value]
    if None in found:
        raise ValueError(f"of {', '.join(REQUIREMENTS)}")
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _creators(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > _MOST_BLOCKED:
        raise ValueError(f"a list of at most {_MOST_BLOCKED} addresses")
    return tuple(dict.fromkeys(request_fields.token_name(each) for each in value))


_LAUNCH_READERS: Final[Readers] = {
    "minLiquidity": ("min_liquidity", parse_amount),
    "maxFeeBps": ("max_fee_bps", _BPS),
    "maxRoundTripBps": ("max_round_trip_bps", _BPS),
    "maxHolderShareBps": ("max_holder_share_bps", _BPS),
    "require": ("require", _names),
    "blockedCreators": ("blocked_creators", _creators),
    "openWithinSeconds": ("open_within_seconds", within(1, _MOST_SECONDS)),
}
_SHARE: Final = integer(0, _ALL_BPS, 500)
LAUNCH: Final = Message(
    "LaunchRules",
    optional("minLiquidity", AMOUNT, "what the pool holds at least, in tokenIn", example="20"),
    optional("maxFeeBps", _SHARE, "the most that the pool may take of this purchase, as it is quoted"),
    optional("maxRoundTripBps", _SHARE, "the most that buying and selling again at once may lose"),
    optional("maxHolderShareBps", _SHARE, "the most of the supply in one account outside of the pool"),
    optional(
        "require",
        list_of(one_of(REQUIREMENTS)),
        "what must hold; SNIPER_REQUIRE if absent, an empty list for nothing",
        example=[MINT_AUTHORITY_REVOKED, SELLABLE],
    ),
    optional("blockedCreators", list_of(TEXT), "whose pools are left alone", example=[]),
    optional(
        "openWithinSeconds",
        integer(1, _MOST_SECONDS, 600),
        "pools that open later after they were seen are left alone",
    ),
    means="which new pools are bought in",
    closed=True,
)
_TAKE_PROFIT_READERS: Final[Readers] = {
    "limitPrice": ("price", request_fields.price),
    "gainBps": ("bps", within(1, MOST_GAIN_BPS)),
}
_STOP_LOSS_READERS: Final[Readers] = {
    "triggerPrice": ("price", request_fields.price),
    "lossBps": ("bps", within(1, _ALL_BPS)),
    "slippageBps": ("slippage_bps", request_fields.basis_points),
}
_EXIT_TAKE_PROFIT: Final = Message(
    "ExitTakeProfit",
    optional("gainBps", integer(1, MOST_GAIN_BPS, 4_000), "sells when it brings what was paid and so much"),
    optional("limitPrice", AMOUNT, "or at this price: tokenOut per tokenIn of the purchase"),
    means="one of gainBps and limitPrice",
    closed=True,
)
_EXIT_STOP_LOSS: Final = Message(
    "ExitStopLoss",
    optional("lossBps", integer(1, _ALL_BPS, 2_000), "sells when so much of what was paid is lost"),
    optional("triggerPrice", AMOUNT, "or at this price: tokenOut per tokenIn of the purchase"),
    optional("slippageBps", integer(0, _ALL_BPS, 500), "against the first quote after it fires"),
    means="one of lossBps and triggerPrice",
    closed=True,
)
POSITION_EXIT: Final = Message(
    "PositionExit",
    Field("takeProfit", ref(_EXIT_TAKE_PROFIT), means="a limit order", optional=True),
    Field("stopLoss", ref(_EXIT_STOP_LOSS), means="a stop", optional=True),
    optional(
        "afterSeconds", integer(1, _MOST_SECONDS, 3_600), "sells at the market so long after the purchase"
    ),
    means="how what was bought is sold again, sized by what was received",
    closed=True,
)


_EXIT_READERS: Final[Readers] = {
    "takeProfit": ("take_profit", object_of(_EXIT_TAKE_PROFIT, _TAKE_PROFIT_READERS, ExitLevel)),
    "stopLoss": ("stop_loss", object_of(_EXIT_STOP_LOSS, _STOP_LOSS_READERS, ExitLevel)),
    "afterSeconds": ("after_seconds", within(1, _MOST_SECONDS)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SniperTerms:
    """What belongs to sniper orders alone. What goes together is intake's."""

    launch: LaunchTerms | None = field(
        default=None,
        metadata=wire(
            object_of(LAUNCH, _LAUNCH_READERS, LaunchTerms),
            Field("launch", ref(LAUNCH), means="sniper: which new pools it buys in", optional=True),
        ),
    )
    exit: PositionExit | None = field(
        default=None,
        metadata=wire(
            object_of(POSITION_EXIT, _EXIT_READERS, PositionExit),
            Field("exit", ref(POSITION_EXIT), means="sniper: how it is sold again", optional=True),
        ),
    )
    max_orders: int | None = field(
        default=None,
        metadata=wire(
            within(1, MOST_ORDERS),
            optional(
                "maxOrders",
                integer(1, MOST_ORDERS, 5),
                'sniper with tokenOut "any": how many tokens it buys, for amountIn each',
            ),
        ),
    )
