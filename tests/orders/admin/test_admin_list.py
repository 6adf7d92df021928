"""The order list of the admin: what it shows, finds, filters and counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.admin import listing
from orders.lifecycle import Status
from orders.models import Order
from tests.factories import POOL, SIGNATURE, SOL, USDC, AttemptFactory, OrderFactory, UserFactory, advance
from tests.orders.plans import explained

LIST = "/admin/orders/order/"
OTHER_SIGNATURE = f"2{SIGNATURE[1:]}"


def shown(client: Client, **query: Any) -> list[Order]:
    return list(client.get(LIST, query).context["cl"].result_list)


@pytest.mark.django_db
def test_the_list_shows_orders_of_all_users(staff: Client) -> None:
    OrderFactory(signature=SIGNATURE, venue="raydium-cpmm"), OrderFactory()
    page = staff.get(LIST).content.decode()

    assert page.count("5 SOL → USDC") == 2
    assert f"{SIGNATURE[:8]}…" in page


@pytest.mark.django_db
def test_the_newest_order_comes_first(staff: Client) -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 1)]
    orders = [OrderFactory(created_at=day) for day in days]

    assert [order.pk for order in shown(staff)] == [orders[1].pk, orders[0].pk, orders[2].pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "term",
    [
        "{id}",
        "{hex}",
        "{hex:.8}",
        "{id:.13}",
        "mine",
        SIGNATURE,
        SIGNATURE[:6],
        POOL,
        " mine ",
        "{id}".upper(),
    ],
)
def test_an_order_is_found_by_any_of_its_names(staff: Client, term: str) -> None:
    order = OrderFactory(client_order_id="mine", token_in=POOL)
    AttemptFactory(order=order)
    AttemptFactory(order=OrderFactory(client_order_id="mine too"), signature=OTHER_SIGNATURE)

    found = shown(staff, q=term.format(id=str(order.pk), hex=order.pk.hex, ID=str(order.pk).upper()))

    assert [each.pk for each in found] == [order.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["%", "_", "min", "MINE", SIGNATURE[1:20], SIGNATURE[:5], "x" * 300, "5"])
def test_what_names_no_order_finds_none(staff: Client, term: str) -> None:
    AttemptFactory(order=OrderFactory(client_order_id="mine"))

    assert shown(staff, q=term) == []


@pytest.mark.django_db
def test_orders_are_found_by_the_symbol_of_either_token(staff: Client) -> None:
    sold, bought, other = (
        OrderFactory(),
        OrderFactory(token_in=USDC, token_out=SOL),
        OrderFactory(token_in=POOL),
    )

    assert {order.pk for order in shown(staff, q="sol")} == {sold.pk, bought.pk}
    assert {order.pk for order in shown(staff, q=USDC)} == {sold.pk, bought.pk, other.pk}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        *("q=abcdef12", "q=mine", f"q={SIGNATURE[:9]}", "status=failed", "status=failed&status=expired"),
        *(
            "status=pending",
            "status=pending&status=routing",
            "error_code=NO_ROUTE",
            "created_at_from=2026-01-02",
            "user=one",
        ),
    ],
)
def test_searches_and_filters_have_indexes(staff: Client, query: str) -> None:
    AttemptFactory(order=OrderFactory(client_order_id="mine", status="failed"))
    OrderFactory(user=UserFactory(username="one"))
    with explained() as plans:
        staff.get(f"{LIST}?{query}")

    # The first and the last date are at the ends of an index.
    assert [each for each in plans.whole_tables if not each.endswith("LIMIT 1")] == []
    assert plans.statements


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        {"status": "failed"},
        {"dex": "meteora"},
        {"network": "devnet"},
        {"type__exact": "limit"},
        {"error_code": "NO_ROUTE"},
        {"user": "one"},
        {"token": "jup"},
        {"token": "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"},
        {"created_at_from": "2026-03-04", "created_at_to": "2026-03-04"},
        {"created_at__year": "2026", "created_at__month": "3", "created_at__day": "4"},
    ],
    ids=lambda query: next(iter(query)),
)
def test_every_filter_leaves_the_orders_that_fit(staff: Client, query: dict[str, str]) -> None:
    fits = OrderFactory(
        user=UserFactory(username="one"),
        token_out="JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN",
        status="failed",
        dex="meteora",
        network="devnet",
        type="limit",
        error_code="NO_ROUTE",
        created_at=datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC),
    )
    OrderFactory(created_at=datetime(2026, 3, 5, tzinfo=UTC))
    OrderFactory(created_at=datetime(2026, 3, 3, 23, 59, tzinfo=UTC), dex="raydium")

    assert [order.pk for order in shown(staff, **query)] == [fits.pk]
    assert shown(staff, user="nobody") == shown(staff, token="none such") == []


@pytest.mark.django_db
def test_several_statuses_can_be_chosen(staff: Client) -> None:
    wanted = {OrderFactory(status=status).pk for status in ("failed", "expired")}
    OrderFactory()

    page = staff.get(f"{LIST}?status=failed&status=expired")

    assert {order.pk for order in page.context["cl"].result_list} == wanted


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "9999-12-31", "'"])
def test_a_day_that_is_none_is_no_server_fault(staff: Client, day: str) -> None:
    assert staff.get(LIST, {"created_at_to": day}).status_code in {200, 302}


@pytest.mark.django_db
def test_filters_offer_choices_without_reading_the_orders(staff: Client) -> None:
    OrderFactory()
    with CaptureQueriesContext(connection) as queries:
        staff.get(LIST)

    assert not [query["sql"] for query in queries if "DISTINCT" in query["sql"]]


@pytest.mark.django_db
def test_counting_ends_at_a_bound(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 3)
    for _ in range(5):
        OrderFactory()
    with CaptureQueriesContext(connection) as queries:
        page = staff.get(LIST)

    assert page.context["cl"].result_count == 3
    assert "The newest 3 orders" in page.content.decode()
    counts = [
        query["sql"] for query in queries if "COUNT(" in query["sql"] and "orders_order" in query["sql"]
    ]
    assert counts
    assert all("LIMIT 3" in sql for sql in counts)


@pytest.mark.django_db
def test_dates_lead_from_years_to_days(staff: Client) -> None:
    for day in (datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)):
        OrderFactory(created_at=day)

    def titles(**query: str) -> list[str]:
        return [each["title"] for each in staff.get(LIST, query).context["date_choices"]["choices"]]

    assert titles() == ["2025", "2026"]
    assert titles(created_at__year="2026") == ["January 2026", "February 2026"]
    assert titles(created_at__year="2025", created_at__month="12") == ["30 December", "31 December"]
    assert titles(created_at__year="2025", created_at__month="12", created_at__day="30") == []


@pytest.mark.django_db
def test_an_empty_list_has_no_dates(staff: Client) -> None:
    assert staff.get(LIST).context["date_choices"] is None


@pytest.mark.django_db
def test_the_badge_says_why_an_order_failed(staff: Client) -> None:
    advance(OrderFactory(error_code="NO_ROUTE"), Status.FAILED)

    assert "<small>NO_ROUTE</small>" in staff.get(LIST).content.decode()


@pytest.mark.django_db
def test_only_staff_gets_in(client: Client) -> None:
    assert client.get(LIST).status_code == 302


@pytest.mark.django_db
def test_staff_without_the_permission_sees_no_orders(clerk: Client) -> None:
    OrderFactory()

    assert clerk.get(LIST).status_code == 403
    assert "may not view orders" in clerk.get("/admin/").content.decode()
