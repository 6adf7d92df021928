"""The list of orders: which of them. Which page is `orders.api.pages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q
from django.db.models.lookups import Exact, In

from orders import gateway
from orders.errors import InvalidRequest
from orders.index_conditions import HAS_ENDED, IS_UNFINISHED, Unindexed
from orders.lifecycle import FINAL, UNFINISHED, OrderType, Status
from orders.wire import request_fields
from orders.wire.json_types import TEXT, integer, one_of
from orders.wire.message import Field, Rows

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_OF_A_PAGE: Final = frozenset({"limit", "cursor"})


LIST_QUERY: Final = Rows(
    Field("status", TEXT, means="one or more statuses, separated by commas", optional=True),
    Field("type", TEXT, means="one or more order types, separated by commas", optional=True),
    Field("dex", TEXT, means="brand of the venue, for example raydium", optional=True),
    Field("token", TEXT, means="symbol or mint, on either side", optional=True),
    Field("wallet", TEXT, means="address of the wallet that pays", optional=True),
    Field("groupId", TEXT, means="the orders of one group", optional=True),
    Field("open", one_of(("true", "false")), means="true: those that have not ended", optional=True),
    Field("since", TEXT, means="created at or after this ISO 8601 time", optional=True),
    Field("until", TEXT, means="created before this ISO 8601 time", optional=True),
    Field("clientOrderId", TEXT, means="the caller's own name for the order", optional=True),
    Field(
        "limit", integer(1, MAX_LIMIT, 50), means="orders a page, 50 when absent", optional=True, example=50
    ),
    Field("cursor", TEXT, means="from next or previous of an earlier answer", optional=True),
)


CANCEL_QUERY: Final = Rows(*(field for field in LIST_QUERY.fields if field.name not in _OF_A_PAGE))


def condition(query: Mapping[str, str]) -> Q:
    """The filters of a query string as one condition. Raises InvalidRequest, UnknownToken."""
    return Q(*_conditions(query).values())


def parts(query: Mapping[str, str]) -> list[Q]:
    """The filters of a query string as conditions that exclude each other, each with an index of its own.

    What has not ended is a part for itself: those orders are few. What has ended is split further
    where one index cannot give it in the order of the list. Raises InvalidRequest, UnknownToken.
    """
    wanted = _conditions(query)
    leading = None if "clientOrderId" in wanted else _leading(query)
    if leading is None:
        return [Q(*wanted.values())]
    statuses = set(_statuses(query.get("status") or ",".join(Status.values)))
    if query.get("open"):
        statuses &= UNFINISHED if _is_open(query["open"]) else FINAL
    unfinished = [IS_UNFINISHED & Q(*wanted.values())] if UNFINISHED & statuses else []
    if not FINAL & statuses:
        return unfinished
    beside = {name: _BESIDE.get(name, _FILTERS[name])(query[name]) for name in wanted if name != leading}
    rest = HAS_ENDED & Q(*beside.values())
    return unfinished + [rest & each for each in _split(leading, query[leading])]


def _leading(query: Mapping[str, str]) -> str | None:
    """The filter whose index is to be read: the one that fewest orders are likely to fit."""
    given = {name for name in ("token", "status", "dex", "type", "wallet") if query.get(name)}
    is_market = OrderType.MARKET.value in _words(query.get("type", ""))
    is_confirmed = Status.CONFIRMED.value in _words(query.get("status", ""))
    rarest_first = (
        "type" if not is_market else "",
        "token",
        "status" if not is_confirmed else "",
        *("dex", "wallet", "status", "type"),
    )
    return next((name for name in rarest_first if name in given), None)


def _split(name: str, text: str) -> list[Q]:
    if name == "token":
        mint = _mint(text)
        return [Q(token_in=mint), Q(token_out=mint)]
    if name == "status":
        return [Q(status=status) for status in _statuses(text) if status in FINAL]
    if name == "type":
        return [Q(type=value) for value in _one_of(text, OrderType.values)]
    return [Q(wallet=text)] if name == "wallet" else [_dex(text)]


def _conditions(query: Mapping[str, str]) -> dict[str, Q]:
    wanted: dict[str, Q] = {}
    refusals: dict[str, str] = {}
    for name, read in _FILTERS.items():
        if not query.get(name):
            continue
        try:
            wanted[name] = read(query[name])
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The filter is not valid", **refusals)
    return wanted


def _one_of(text: str, known: list[str]) -> list[str]:
    values = _words(text)
    if not set(values) <= set(known):
        raise ValueError(f"one or more of {', '.join(known)}, separated by commas")
    return sorted(set(values))


def _words(text: str) -> list[str]:
    return [request_fields.spelling(word) for word in text.split(",")]


def _statuses(text: str) -> list[Status]:
    return [Status(value) for value in _one_of(text, Status.values)]


def _is_open(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("true or false")
    return text == "true"


def _dex(text: str) -> Q:
    return Q(dex=request_fields.spelling(request_fields.token_name(text)))


def _token(text: str) -> Q:
    mint = _mint(text)
    return Q(token_in=mint) | Q(token_out=mint)


def _mint(text: str) -> str:
    name = request_fields.token_name(text)
    # Also a token of a network that earlier orders were for.
    return str((gateway.token_by_mint(name) or gateway.find_token(name)).mint)


# The same conditions where another filter's index is to be read.
_BESIDE: Final[Mapping[str, Any]] = {
    "status": lambda text: Q(In(Unindexed("status"), _statuses(text))),
    "type": lambda text: Q(In(Unindexed("type"), _one_of(text, OrderType.values))),
    "dex": lambda text: Q(Exact(Unindexed("dex"), request_fields.spelling(request_fields.token_name(text)))),
    "token": lambda text: _token(text),
    "wallet": lambda text: Q(Exact(Unindexed("wallet"), request_fields.token_name(text))),
}
_FILTERS: Final[Mapping[str, Any]] = {
    "status": lambda text: Q(status__in=_statuses(text)),
    "type": lambda text: Q(type__in=_one_of(text, OrderType.values)),
    "dex": _dex,
    "token": _token,
    "wallet": lambda text: Q(wallet=request_fields.token_name(text)),
    "groupId": lambda text: Q(group_id=request_fields.uuid_of(text)),
    "open": lambda text: IS_UNFINISHED if _is_open(text) else HAS_ENDED,
    "since": lambda text: Q(created_at__gte=request_fields.query_moment(text)),
    "until": lambda text: Q(created_at__lt=request_fields.query_moment(text)),
    "clientOrderId": lambda text: Q(client_order_id=request_fields.key(text)),
}
