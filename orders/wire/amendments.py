"""What an open order may be changed to: the fields of an order, each optional, and the version read last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from orders.errors import InvalidAmount, InvalidRequest
from orders.wire import request_fields
from orders.wire.json_types import BOOLEAN, integer
from orders.wire.message import Field, Message
from orders.wire.requests import READERS, OrderIntent

_VERSION: Final = "version"
_NAMES: Final = (
    *("amountIn", "amount", "amountInRaw", "limitPrice", "triggerPrice", "activationPrice", "trailBps"),
    *("confirmations", "minAmountOut", "minAmountOutRaw", "slippageBps", "expiresAt"),
    *("rounds", "minPrice", "maxPrice"),
)
_PAUSED: Final = "paused"
# What an amendment may take away.
_MAY_BE_NULL: Final = frozenset({"expiresAt", "minPrice", "maxPrice"})


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to change, in the names of `OrderIntent`; ``names`` are those that were given on the wire.

    ``given`` are the attributes that were given; ``expires_at`` may be given as None, which ends the expiry.
    """

    version: int
    names: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    amount: Decimal | None = None
    amount_raw: int | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    activation_price: Decimal | None = None
    trail_bps: int | None = None
    confirmations: int | None = None
    min_amount_out: Decimal | None = None
    min_amount_out_raw: int | None = None
    slippage_bps: int | None = None
    expires_at: datetime | None = field(default=None)
    rounds: int | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    paused: bool | None = None


def _described(name: str) -> Field:
    named: Iterator[Field] = (w for each in fields(OrderIntent) for w in each.metadata["wire"])
    return next(each for each in named if each.name == name)


AMENDMENT: Final = Message(
    "Amendment",
    Field(_VERSION, integer(1, request_fields.MAX_SEQUENCE, 1), means="the order's, as it was read last"),
    *(_described(name) for name in _NAMES),
    Field(_PAUSED, BOOLEAN, means="dca: no round is placed until it is false again", optional=True),
    means="What an open order is changed to; null takes away expiresAt, minPrice or maxPrice.",
    closed=True,
)


def parse_amendment(payload: Mapping[str, Any]) -> Amendment:
    """An amendment in its wire form, checked for shape only. Raises InvalidRequest, InvalidAmount."""
    refusals = request_fields.unknown(payload, {_VERSION, _PAUSED, *_NAMES})
    version = payload.get(_VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        refusals[_VERSION] = "required: the order's, an integer"
    given = [name for name in _NAMES if name in payload]
    paused = payload.get(_PAUSED)
    if _PAUSED in payload and not isinstance(paused, bool):
        refusals[_PAUSED] = "true or false"
    if not given and _PAUSED not in payload:
        refusals["limitPrice"] = "nothing to change"
    amounts = [name for name in ("amount", "amountIn", "amountInRaw") if name in given]
    if len(amounts) > 1:
        refusals[amounts[1]] = f"give either this or {amounts[0]}"
    values = _read(payload, given, refusals)
    if refusals:
        raise InvalidRequest("The amendment is not valid", **refusals)
    assert isinstance(version, int)
    named = frozenset(name for name in (*_NAMES, _PAUSED) if name in payload)
    return Amendment(version, named, frozenset(values), **values, paused=paused)


def _read(payload: Mapping[str, Any], given: list[str], refusals: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in given:
        attribute, read = READERS[name]
        try:
            values[attribute] = None if payload[name] is None else read(payload[name])
        except InvalidAmount as error:
            if not refusals:
                raise InvalidAmount(error.message, **{name: error.message}) from None
        except ValueError as error:
            refusals[name] = str(error)
        if name == "slippageBps" and values.get(attribute) == request_fields.AUTO:
            refusals[name] = "basis points"
        if payload[name] is None and name not in _MAY_BE_NULL:
            refusals[name] = "a value"
    return values
