"""Figures of days: each event counts once, whoever counts, and what a fork undid is taken off again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.lifecycle import FailureReason, GroupRole, OrderType, Status
from orders.models import Counted, DayFigures, FiguresWatch, Order, OrderEvent
from orders.records import day_figures, price_samples
from orders.reporting import counting
from orders.reporting.counting import count_on
from orders.reporting.latencies import percentile, step_of
from tests.factories import SOL, USDC, AttemptFactory, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
DAY = datetime(2026, 5, 6, 23, 59, 50, tzinfo=UTC)
FEES = {"network_fee": 5_000, "priority_fee": 300, "tip": 10_000, "rent": 2_039_280}


def event(order: Order, sequence: int, status: str, at: datetime, **data: Any) -> None:
    OrderEvent.objects.create(order=order, sequence=sequence, status=status, at=at, data=data)


def confirmed(ms: int, sequence: int = 5, amounts: tuple[str, str] = ("5", "823.5"), **columns: Any) -> Order:
    order: Order = OrderFactory(created_at=DAY, **columns)
    OrderEvent.objects.filter(order=order).update(at=DAY)
    event(order, sequence, "confirmed", DAY + timedelta(milliseconds=ms), **moved(*amounts))
    Order.objects.filter(pk=order.pk).update(status="confirmed")
    return order


def moved(amount_in: str, amount_out: str) -> dict[str, str]:
    return {"executedAmountIn": amount_in, "executedAmountOut": amount_out}


def figures(kind: Counted = Counted.ALL, subject: str = "") -> dict[str, dict[str, Any]]:
    """The rows of a subject by day, what is not nothing."""
    rows = DayFigures.objects.filter(kind=kind, subject=subject).order_by("day")
    names = [each.name for each in DayFigures._meta.fields][5:]
    return {f"{row.day:%d}": {n: v for n in names if (v := getattr(row, n))} for row in rows}


def count_all() -> None:
    while count_on():
        pass


def test_an_order_counts_when_it_is_placed_and_on_the_day_it_ends() -> None:
    user = UserFactory()
    order = confirmed(20_000, user=user)
    AttemptFactory(order=order, state="landed", **FEES)
    count_all()

    ended = {"confirmed": 1, "volume": 823_500_000, "lamports": 15_300}
    assert figures() == {"06": {"placed": 1}, "07": {**ended, "latencies": {"20479": 1}}}
    assert figures(Counted.USER, str(user.pk)) == {"06": {"placed": 1}, "07": ended}
    assert figures(Counted.TOKEN, SOL)["07"] == {**ended, "sold": 823_500_000}
    assert figures(Counted.TOKEN, USDC)["07"] == ended


def test_events_count_once_however_often_and_by_whom_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "EVENTS_A_STEP", 3)
    for ms in (100, 200, 300):
        confirmed(ms)
    count_all()
    count_all()
    first = FiguresWatch.objects.get()
    # A worker that had read the same events comes second.
    assert not day_figures.add({}, 0, first.position, None)
    assert figures()["06"] == {
        "placed": 3,
        "confirmed": 3,
        "volume": 2_470_500_000,
        "latencies": {"103": 1, "207": 1, "303": 1},
    }
    assert first.caught_up_at is not None


def test_a_dropped_block_takes_the_order_off_and_its_fees_count_once() -> None:
    order = confirmed(100)
    AttemptFactory(order=order, state="landed", **FEES)
    count_all()
    event(order, 6, "submitted", DAY, txHash="x", code=FailureReason.FORK_DROPPED.value, error="dropped")
    count_all()
    assert figures()["06"] == {"placed": 1, "lamports": 15_300, "latencies": {"103": 1}}
    event(order, 7, "confirmed", DAY + timedelta(seconds=30), **moved("5", "823.6"))
    count_all()
    assert figures()["07"] == {"confirmed": 1, "volume": 823_600_000}


def test_a_block_dropped_and_found_again_between_two_looks_counts_once() -> None:
    order = confirmed(100)
    AttemptFactory(order=order, state="landed", **FEES)
    event(order, 6, "submitted", DAY, txHash="x", code=FailureReason.FORK_DROPPED.value, error="dropped")
    event(order, 7, "confirmed", DAY, **moved("5", "823.6"))
    count_all()
    assert figures()["06"] == {
        "placed": 1,
        "confirmed": 1,
        "volume": 823_600_000,
        "lamports": 15_300,
        "latencies": {"103": 1},
    }


def test_swaps_without_usdc_are_valued_by_the_prices_of_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr("tests.orders.reporting.test_counting.DAY", now)
    price_samples.write({(SOL, USDC): 164_700_000}, now)
    confirmed(10, token_out=JUP, amounts=("2", "600"))
    confirmed(10, token_in=JUP, token_out=JUP[:-1] + "P", amounts=("600", "2"))
    count_all()
    (row,) = [row for row in figures().values() if row.get("confirmed")]
    assert (row["confirmed"], row["volume"], row["unvalued"]) == (2, 329_400_000, 1)


def test_what_only_stands_for_other_orders_is_not_counted_and_failures_are() -> None:
    schedule = OrderFactory(group_role=GroupRole.SCHEDULE, type=OrderType.DCA, created_at=DAY)
    event(schedule, 2, "confirmed", DAY, **moved("5", "823.5"))
    for status in ("failed", "expired", "cancelled"):
        event(OrderFactory(created_at=DAY, network="localnet"), 2, status, DAY)
    confirmed(10, network="mainnet-beta")
    confirmed(3_600_000, type=OrderType.LIMIT)
    count_all()
    totals = figures()
    assert {"failed": 1, "expired": 1, "cancelled": 1}.items() <= totals["06"].items()
    assert totals["07"] == {"confirmed": 1, "volume": 823_500_000}


@pytest.mark.parametrize(
    ("ms", "highest"), [(-1, 0), (0, 0), (31, 31), (32, 33), (33, 33), (100, 103), (1_000, 1_023)]
)
def test_latencies_fall_into_steps_of_a_sixteenth(ms: int, highest: int) -> None:
    assert step_of(ms) == str(highest)


def test_every_step_is_at_most_a_sixteenth_above_what_falls_into_it() -> None:
    assert all(ms <= int(step_of(ms)) <= ms + ms // 16 for ms in range(100_000))


def test_percentiles_of_steps_are_of_the_nearest_rank() -> None:
    counts = {"103": 10, "207": 9, "1023": 1}
    assert [percentile(counts, each) for each in (50, 95, 100)] == [103, 207, 1023]
    assert percentile({}, 50) is None


def test_the_status_of_an_end_names_its_column() -> None:
    columns = {each.name for each in DayFigures._meta.fields}
    assert {Status.CONFIRMED, Status.FAILED, Status.EXPIRED, Status.CANCELLED} <= columns
