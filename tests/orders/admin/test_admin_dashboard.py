"""The dashboard of the admin, and the figures behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from orders.admin import numbers
from orders.models import Order, OrderEvent
from orders.records import kill_switch
from orders.records.audit import Actor
from orders.reporting import statistics
from orders.reporting.statistics import Paid, Spread, spread
from tests.factories import AttemptFactory, OrderFactory, UserFactory

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def placed(
    minutes_ago: int,
    status: str,
    submitted_ms: int | None = None,
    confirmed_ms: int | None = None,
    **columns: Any,
) -> None:
    created = NOW - timedelta(minutes=minutes_ago)
    order = OrderFactory(created_at=created, due_at=NOW + HOUR, **columns)
    Order.objects.filter(pk=order.pk).update(status=status)
    times = {"submitted": submitted_ms, "confirmed": confirmed_ms}
    for sequence, (reached, ms) in enumerate(times.items(), 2):
        if ms is not None:
            at = created + timedelta(milliseconds=ms)
            OrderEvent.objects.create(order=order, sequence=sequence, status=reached, at=at)


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert spread(range(1, 21)) == Spread(20, 10, 19, 20)
    assert spread([7]) == Spread(1, 7, 7, 7)
    assert spread([]) is None


@pytest.mark.django_db
def test_figures_are_of_the_window_alone() -> None:
    done = {"dex": "raydium", "quoted_amount_out": 10_000, "executed_amount_out": 9_990}
    placed(5, "confirmed", 80, 300, **done)
    placed(10, "confirmed", 120, 500, **{**done, "dex": "meteora", "executed_amount_out": 10_010})
    placed(15, "confirmed", 100, 400, **done)
    placed(20, "failed", error_code="NO_ROUTE")
    placed(55, "failed", 90_000, 90_100, type="limit", error_code="NO_ROUTE")
    placed(25, "cancelled")
    placed(30, "routing")
    placed(61, "failed", error_code="INTERNAL")

    figures = statistics.statistics(HOUR, NOW)

    assert (figures.considered, figures.is_cut) == (7, False)
    assert figures.by_status == {"routing": 1, "confirmed": 3, "failed": 2, "cancelled": 1}
    assert figures.success_percent_tenths == 600
    assert figures.to_submitted == Spread(3, 100, 120, 120)
    assert figures.to_confirmed == Spread(3, 400, 500, 500)
    assert figures.by_dex == [("raydium", 2), ("meteora", 1)]
    assert figures.slippage == Spread(3, 10, 10, 10)
    assert figures.failures == [("NO_ROUTE", 2)]
    assert sum(bucket.confirmed for bucket in figures.flow) == 3
    # Two minutes a bucket: five minutes ago is in the 28th of 30.
    assert [index for index, bucket in enumerate(figures.flow) if bucket.confirmed] == [22, 25, 27]


@pytest.mark.django_db
def test_figures_stop_at_a_bound_and_say_so(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(statistics, "MOST_ORDERS", 2)
    monkeypatch.setattr(statistics, "MOST_TIMED", 1)
    for minutes in (1, 2, 3):
        placed(minutes, "confirmed", 100 * minutes)
    with django_assert_num_queries(4):
        figures = statistics.statistics(HOUR, NOW)

    assert (figures.considered, figures.is_cut, figures.by_status) == (2, True, {"confirmed": 2})
    assert figures.to_submitted == Spread(1, 100, 100, 100)


@pytest.mark.django_db
def test_without_orders_there_are_no_figures() -> None:
    figures = statistics.statistics(HOUR, NOW)

    assert (figures.considered, figures.by_status, figures.success_percent_tenths) == (0, {}, None)
    assert (figures.to_submitted, figures.to_confirmed, figures.slippage) == (None, None, None)
    assert figures.paid == Paid(fees=0, in_vain=0, tips=0)


@pytest.mark.django_db
def test_what_was_paid_counts_failed_transactions_too_and_open_ones_not_yet(staff: Client) -> None:
    order = OrderFactory()
    landed = {"network_fee": 5_000, "priority_fee": 300, "tip": 10_000, "rent": 2_039_280}
    failed = {"network_fee": 5_000, "priority_fee": 250, "tip": 0, "rent": 0}
    AttemptFactory(order=order, number=1, signature="a" * 88, state="failed_onchain", **failed)
    AttemptFactory(order=order, number=2, signature="b" * 88, state="landed", **landed)
    AttemptFactory(signature="c" * 88)

    assert statistics.statistics(HOUR).paid == Paid(fees=10_550, in_vain=5_250, tips=10_000)
    page = staff.get("/admin/").content.decode()
    assert "0.00001055" in page
    assert "0.00000525 of it for transactions that failed on chain; tips 0.00001" in page


@pytest.mark.django_db
@pytest.mark.parametrize(("query", "title"), [("", "last hour"), ("?window=day", "last 24 hours")])
def test_the_dashboard_shows_the_chosen_window(staff: Client, query: str, title: str) -> None:
    OrderFactory(status="failed", error_code="NO_ROUTE", due_at=datetime.now(UTC) + HOUR)
    page = staff.get(f"/admin/{query}").content.decode()

    assert f"Orders of the {title}" in page
    assert "NO_ROUTE" in page
    assert "status=failed" in page
    assert "localnet" in page


@pytest.mark.django_db
def test_the_dashboard_says_that_trading_is_off(staff: Client) -> None:
    assert "Trading is off" not in staff.get("/admin/").content.decode()
    kill_switch.switch(on=False, reason="node upgrade", by=Actor("boss", "10.0.0.1"))
    page = staff.get("/admin/").content.decode()

    assert "Trading is off" in page
    assert "node upgrade" in page


@pytest.mark.django_db
def test_tokens_can_be_ended_but_neither_made_nor_read(staff: Client) -> None:
    token, text = AuthToken.objects.create(UserFactory())
    page = staff.get("/admin/knox/authtoken/").content.decode()

    assert text[:8] in page
    assert text not in page
    assert staff.get("/admin/knox/authtoken/add/").status_code == 403
    staff.post(f"/admin/knox/authtoken/{token.pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["auth/user/", "auth/group/", "auth/user/add/", "knox/authtoken/"])
def test_every_page_of_the_menu_opens(staff: Client, path: str) -> None:
    assert staff.get(f"/admin/{path}").status_code == 200


@pytest.mark.parametrize(
    ("counts", "shares"),
    [([1, 1, 1], [34, 33, 33]), ([2, 1], [67, 33]), ([], []), ([0, 0], [0, 0]), ([999, 1], [100, 0])],
)
def test_shares_add_up(counts: list[int], shares: list[int]) -> None:
    assert numbers.shares_of(100, counts) == shares
