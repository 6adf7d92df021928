"""Days and weeks in the admin: sums of the counted rows, shares that add up, and who may look."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.admin.numbers import usdc_text
from orders.models import Counted, DayFigures
from orders.reporting import days
from tests.factories import SOL, USDC, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/orders/dayfigures/"
# A Wednesday.
TODAY = date(2026, 5, 6)


def counted(day: date, kind: Counted = Counted.ALL, subject: str = "", **sums: Any) -> None:
    DayFigures.objects.create(day=day, network="localnet", kind=kind, subject=subject, **sums)


def test_weeks_begin_on_monday_and_add_up_their_days() -> None:
    ended = {"placed": 4, "confirmed": 2, "failed": 1, "volume": 5_000_000, "lamports": 10_000}
    counted(date(2026, 5, 3), **ended, latencies={"103": 2})
    counted(date(2026, 5, 4), **ended, latencies={"103": 1, "1023": 1})
    counted(TODAY, **ended, latencies={"207": 2})
    counted(date(2026, 4, 26), placed=1)

    this, last = days.weeks(TODAY, 2)
    assert (this.begins, this.placed, this.confirmed, this.volume) == (date(2026, 5, 4), 8, 4, 10_000_000)
    assert (this.success_tenths, this.p50, this.p95, this.lamports) == (666, 207, 1_023, 20_000)
    assert (last.begins, last.placed, last.p50) == (date(2026, 4, 27), 4, 103)
    assert [day.placed for day in days.days(TODAY, 4)] == [4, 0, 4, 4]


def test_the_page_shows_days_users_and_tokens_with_shares_of_a_hundred(staff: Client) -> None:
    today = timezone.now().date()
    sums = {"placed": 3, "confirmed": 3, "volume": 1_234_567_890, "lamports": 15_000}
    counted(today, **sums, unvalued=1)
    for user in UserFactory.create_batch(3):
        counted(today - timedelta(days=1), Counted.USER, str(user.pk), placed=1, volume=411_522_630)
    counted(today, Counted.TOKEN, SOL, **sums, sold=1_000_000_000)
    counted(today, Counted.TOKEN, USDC, **sums)

    answer = staff.get(PAGE)
    page = answer.content.decode()
    assert [row["share"] for row in answer.context["users"]] == ["33.4 %", "33.3 %", "33.3 %"]
    assert [(row["use"].name, row["volume"], row["sold"]) for row in answer.context["tokens"]] == [
        ("USDC", "1,234.56", "0.00"),
        ("SOL", "1,234.56", "1,000.00"),
    ]
    assert "1 swap without a kept price is not in the volume." in page
    assert answer.context["chart"].scale == ["1,234", "617", "0"]
    head, line, *_ = staff.get(f"{PAGE}?by=week&format=csv").content.decode().splitlines()
    assert head.split(",")[:3] == ["begins", "placed", "confirmed"]
    assert line.split(",")[1:9] == ["3", "3", "0", "0", "0", "1234567890", "1", "15000"]


def test_without_orders_the_page_says_so_and_others_may_not_look(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "No orders in this time yet." in page
    assert "Still counting" in page
    nobody = Client()
    nobody.force_login(UserFactory(is_staff=True))
    assert nobody.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (9_999, "0.00"), (10_000, "0.01"), (1_234_567_890_000, "1,234,567.89"), (-15_000, "-0.01")],
)
def test_usdc_is_shown_in_whole_cents(amount: int, text: str) -> None:
    assert usdc_text(amount) == text
