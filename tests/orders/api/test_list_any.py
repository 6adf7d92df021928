"""The list of orders against a list in memory: any cursor, any filters, any length of a page."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orders.api import filters, pages
from orders.errors import InvalidRequest
from orders.lifecycle import UNFINISHED, OrderType, Status
from orders.models import Order
from tests.factories import CREATED_AT, POOL, SOL, USDC, WALLET, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
SYMBOLS = {"SOL": SOL, "usdc": USDC, "Jup": JUP, JUP: JUP}
TIMES = [CREATED_AT + timedelta(microseconds=step) for step in (0, 1, 2, 1_000_000, 86_400_000_000)]
WALLETS = [WALLET, POOL]
ORDERS = 30

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.sampled_from(TIMES) | st.datetimes(timezones=st.just(UTC) | offsets)
ways = st.sampled_from(["n", "p"])


def varied_orders(user: User) -> list[Order]:
    """Orders of every kind, many of the same instant, beside some of another user."""
    draw = random.Random(7)
    for owner, number in [(user, n) for n in range(ORDERS)] + [(UserFactory(), n) for n in range(5)]:
        token_in, token_out = draw.sample([SOL, USDC, JUP], 2)
        OrderFactory(
            user=owner,
            client_order_id=str(number),
            created_at=draw.choice(TIMES),
            status=draw.choice(Status.values),
            type=draw.choice(OrderType.values),
            wallet=draw.choice(WALLETS),
            dex=draw.choice(["", "raydium", "meteora"]),
            token_in=token_in,
            token_out=token_out,
        )
    return newest_first(own(user))


def own(user: User) -> QuerySet[Order]:
    return Order.objects.filter(user=user)


def newest_first(orders: Sequence[Order] | QuerySet[Order]) -> list[Order]:
    return sorted(orders, key=key, reverse=True)


def key(order: Order) -> tuple[datetime, int]:
    return order.created_at, order.pk.int


def ids(orders: Sequence[Order]) -> list[UUID]:
    return [order.pk for order in orders]


# --- cursors ---------------------------------------------------------------------------------
def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


nearly_cursors = st.builds(
    lambda way, moment, order_id, rest: encoded("|".join([way, moment, order_id, *rest])),
    ways | st.text(max_size=2),
    moments.map(datetime.isoformat) | st.datetimes().map(datetime.isoformat) | st.text(max_size=30),
    st.uuids().map(lambda found: found.hex)
    | st.uuids().map(str)
    | st.text("0123456789abcdef-{}", max_size=40),
    st.lists(st.text(max_size=3), max_size=1),
)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | nearly_cursors)
@example("")
@example("====")
@example(encoded("n|0001-01-01T00:00:00+23:00|" + "0" * 32))
@example(encoded("n|9999-12-31T23:59:59-23:00|" + "f" * 32))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        position = pages.decode_cursor(text)
    except InvalidRequest as error:
        assert list(error.details) == ["cursor"]
    else:
        assert pages.decode_cursor(position.encode()) == position


def test_any_bytes_in_place_of_a_cursor_are_answered_with_a_page_or_a_refusal(client: Client) -> None:
    listed = ids(varied_orders(UserFactory(username="local")))

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=80) | nearly_cursors.map(str.encode))
    def check(raw: bytes) -> None:
        answer = client.get(f"/api/orders?cursor={quote(raw)}")
        body = answer.json()
        if answer.status_code == 200:
            found = [UUID(order["orderId"]) for order in body["results"]]
            assert found == [each for each in listed if each in found]
        else:
            assert (answer.status_code, body["code"], list(body["details"])) == (
                400,
                "INVALID_REQUEST",
                ["cursor"],
            )

    check()


def test_a_cursor_gives_the_page_that_begins_there_wherever_that_is() -> None:
    user = UserFactory()
    listed = varied_orders(user)

    @settings(max_examples=120, deadline=None)
    @given(ways, moments, st.sampled_from(ids(listed)) | st.uuids(), st.integers(1, ORDERS + 1))
    def check(way: str, moment: datetime, order_id: UUID, limit: int) -> None:
        try:
            position = pages.decode_cursor(encoded(f"{way}|{moment.isoformat()}|{order_id.hex}"))
        except InvalidRequest:
            # Beyond the years that UTC has.
            assert moment.year in {1, 9999}
            return
        page = pages.read_page(own(user), filters.parts({}), position, limit)
        here = (moment, order_id.int)
        older = [order for order in listed if key(order) < here]
        newer = [order for order in listed if key(order) > here]
        assert ids(page.orders) == ids(older[:limit] if way == "n" else newer[-limit:])

    check()


# --- filters and pages -----------------------------------------------------------------------
def written(values: list[str]) -> Any:
    """Some of these as a filter takes them: in any letter case, separated by commas."""
    case = st.sampled_from([str.lower, str.upper, str.title])
    some = st.lists(st.sampled_from(values), min_size=1, max_size=len(values))
    return st.builds(lambda chosen, change: change(",".join(chosen)), some, case)


queries = st.fixed_dictionaries(
    {},
    optional={
        "status": written(Status.values),
        "type": written(OrderType.values),
        "dex": st.sampled_from(["raydium", "METEORA", "orca"]),
        "token": st.sampled_from(list(SYMBOLS)),
        "wallet": st.sampled_from(WALLETS),
        "open": st.sampled_from(["true", "false"]),
        "since": st.sampled_from(TIMES).map(datetime.isoformat),
        "until": st.sampled_from(TIMES).map(datetime.isoformat),
        "clientOrderId": st.integers(0, ORDERS).map(str),
    },
)


def fits(order: Order, query: dict[str, str]) -> bool:
    """The filters as one would write them for a list in memory."""
    token = SYMBOLS.get(query.get("token", ""))
    return (
        ("status" not in query or order.status in query["status"].lower().split(","))
        and ("type" not in query or order.type in query["type"].lower().split(","))
        and ("dex" not in query or order.dex == query["dex"].lower())
        and ("wallet" not in query or order.wallet == query["wallet"])
        and ("open" not in query or (order.status in UNFINISHED) == (query["open"] == "true"))
        and (token is None or token in {order.token_in, order.token_out})
        and ("since" not in query or order.created_at >= datetime.fromisoformat(query["since"]))
        and ("until" not in query or order.created_at < datetime.fromisoformat(query["until"]))
        and ("clientOrderId" not in query or order.client_order_id == query["clientOrderId"])
    )


def walk(user: User, query: dict[str, str], limit: int) -> tuple[list[list[UUID]], list[list[UUID]]]:
    """The pages to the oldest order and those on the way back, by the cursors as clients have them."""
    there, back = [], []
    page = pages.read_page(own(user), filters.parts(query), None, limit)
    there.append(ids(page.orders))
    while page.next is not None:
        position = pages.decode_cursor(page.next.encode())
        page = pages.read_page(own(user), filters.parts(query), position, limit)
        there.append(ids(page.orders))
        assert len(there) <= ORDERS
    while page.previous is not None:
        position = pages.decode_cursor(page.previous.encode())
        page = pages.read_page(own(user), filters.parts(query), position, limit)
        back.append(ids(page.orders))
        assert len(back) <= ORDERS
    return there, back


def test_pages_of_any_length_and_any_filters_hold_every_order_that_fits_once() -> None:
    user = UserFactory()
    listed = varied_orders(user)

    @settings(max_examples=80, deadline=None)
    @given(queries, st.integers(1, ORDERS + 1))
    @example({}, 1)
    @example({}, ORDERS)
    def check(query: dict[str, str], limit: int) -> None:
        expected = ids([order for order in listed if fits(order, query)])
        there, back = walk(user, query, limit)
        assert [each for page in there for each in page] == expected
        assert all(len(page) == limit for page in there[:-1])
        # All but the last page again, nearest first.
        assert [each for page in reversed(back) for each in page] == expected[: limit * (len(there) - 1)]

    check()


def test_any_text_in_a_filter_is_understood_or_refused(client: Client) -> None:
    varied_orders(UserFactory(username="local"))
    names = ("status", "type", "dex", "token", "since", "until", "clientOrderId", "limit", "wallet", "open")

    @settings(max_examples=80, deadline=None)
    @given(st.dictionaries(st.sampled_from(names), st.text(max_size=40), min_size=1, max_size=2))
    @example({"dex": "\x00"})
    @example({"clientOrderId": "a\ud7ff"})
    @example({"limit": "²"})
    def check(query: dict[str, str]) -> None:
        answer = client.get("/api/orders?" + urlencode(query, errors="replace"))
        assert answer.status_code in {200, 400}
        if answer.status_code == 400:
            assert answer.json()["code"] in {"INVALID_REQUEST", "UNKNOWN_TOKEN"}

    check()
