"""Priority fees that are really paid, and the report of how transactions land."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from solders.transaction import VersionedTransaction

from dex.config import COMPUTE_BUDGET_PROGRAM
from orders import checks, gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.pipeline import settle, stages
from orders.pipeline.settle import Watched
from orders.records import costs
from orders.reporting.landing import Landing, landings, rank, total
from orders.telemetry import counters
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import attempt_row, order_row

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def compute_budget(attempt: Attempt) -> tuple[int, int]:
    """Unit limit and price of the signed bytes; a price that is not set is 0."""
    message = VersionedTransaction.from_bytes(bytes(attempt.signed_transaction)).message
    found = {2: 0, 3: 0}
    for instruction in message.instructions:
        if message.account_keys[instruction.program_id_index] == COMPUTE_BUDGET_PROGRAM:
            found[instruction.data[0]] = int.from_bytes(instruction.data[1:], "little")
    return found[2], found[3]


def confirmed(order: Order) -> Order:
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    attempt = order.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 0, 0)]
    eventually(lambda: settle.settle(watched))
    return Order.objects.get(pk=order.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("level", "floor", "price"), [("20000", 0, 20_000), ("0", 500, 0), ("auto", 1_500, 1_500), ("high", 7, 7)]
)
def test_the_bid_is_signed_and_what_was_paid_is_on_record(
    user: User,
    chain: TestChain,
    settings: Any,
    level: str,
    floor: int,
    price: int,
) -> None:
    settings.PRIORITY_FEE, settings.PRIORITY_FEE_FLOOR = level, floor
    order = confirmed(order_row(user))
    limit, signed_price = compute_budget(order.attempts.get())
    assert signed_price == price
    assert order.priority_fee == -(-price * limit // 1_000_000)
    assert order.network_fee == 5_000


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"PRIORITY_FEE": "fast"}, "PRIORITY_FEE is one of auto, low, medium, high"),
        ({"PRIORITY_FEE_FLOOR": -1}, "0 <= PRIORITY_FEE_FLOOR"),
        ({"PRIORITY_FEE_FLOOR": 9, "PRIORITY_FEE_CAP": 8}, "0 <= PRIORITY_FEE_FLOOR"),
        ({"PRIORITY_FEE": "9000000"}, "PRIORITY_FEE is above PRIORITY_FEE_CAP"),
    ],
)
def test_a_priority_fee_that_makes_no_sense_does_not_start(
    settings: Any, changed: dict[str, Any], fault: str
) -> None:
    assert checks.the_priority_fee_can_be_read() == []
    for name, value in changed.items():
        setattr(settings, name, value)
    [error] = checks.the_priority_fee_can_be_read()
    assert error.id == "orders.E030"
    assert error.msg.startswith(fault)


COSTS: dict[AttemptState, dict[str, Any]] = {
    AttemptState.OPEN: {},
    AttemptState.LANDED: {"network_fee": 5_000, "priority_fee": 300, "tip": 10_000, "rent": 2_039_280},
    AttemptState.FAILED_ONCHAIN: {"network_fee": 5_000, "priority_fee": 250, "tip": 0, "rent": 0},
    AttemptState.EXPIRED: dict.fromkeys(costs.COLUMNS, 0),
}


def swap(user: User, state: AttemptState, at: datetime, milliseconds: int = 0, **columns: Any) -> Order:
    """An order with one sent transaction; confirmed where that landed."""
    values: dict[str, Any] = {"status": Status.FAILED}
    if state is AttemptState.LANDED:
        values = {"status": Status.CONFIRMED, "confirmed_at": at + timedelta(milliseconds=milliseconds)}
    order = order_row(user, **values)
    attempt_row(order, state=state, created_at=at, sends=1, **(COSTS[state] | columns))
    return order


@pytest.fixture
def two_days(user: User) -> None:
    for milliseconds in (400, 500, 2_000):
        swap(user, AttemptState.LANDED, NOON, milliseconds)
    swap(user, AttemptState.FAILED_ONCHAIN, NOON)
    second = swap(user, AttemptState.EXPIRED, NOON)
    attempt_row(second, 2, state=AttemptState.OPEN, created_at=NOON, sends=1)
    swap(user, AttemptState.LANDED, NOON - timedelta(days=1), 700, venue="meteora-damm-v2")
    attempt_row(order_row(user), state=AttemptState.OPEN, created_at=NOON, sends=0)


@pytest.mark.django_db
def test_landings_are_counted_by_day_and_venue(two_days: None) -> None:
    found = landings(NOON - timedelta(days=2))
    assert [(day.isoformat(), venue) for day, venue in found] == [
        ("2026-11-19", "meteora-damm-v2"),
        ("2026-11-20", "raydium-cpmm"),
    ]
    today = found[NOON.date(), "raydium-cpmm"]
    assert (today.sent, today.landed, today.failed_on_chain, today.expired) == (6, 4, 1, 1)
    assert (today.landed_percent, today.attempts_per_order) == (80, (6, 5))
    assert (rank(today.confirmation_ms, 50), rank(today.confirmation_ms, 99)) == (500, 2_000)
    # Three landed, and one that failed and paid all the same, but no tip.
    assert (today.network_fees, today.priority_fees, today.tips) == (20_000, 1_150, 30_000)
    assert (today.in_vain, today.costs_unknown) == (5_250, 0)
    whole = total(found.values())
    assert (whole.sent, whole.landed, whole.attempts_per_order) == (7, 5, (7, 6))
    assert landings(NOON + timedelta(seconds=1)) == {}


@pytest.mark.django_db
def test_the_report_is_a_line_a_day_and_venue(two_days: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + timedelta(hours=1))
    printed = io.StringIO()
    call_command("landing_report", since=2, stdout=printed)
    head, *lines = [" ".join(line.split()) for line in printed.getvalue().splitlines()]
    assert head.startswith("day venue sent")
    assert lines == [
        "2026-11-19 meteora-damm-v2 1 1 100 % 0 0 700 700 1.00 0.000005 0.0000003 0.00001 0",
        "2026-11-20 raydium-cpmm 6 4 80 % 1 1 500 2000 1.20 0.00002 0.00000115 0.00003 0.00000525",
        "all 7 5 83 % 1 1 500 2000 1.16 0.000025 0.00000145 0.00004 0.00000525",
    ]


@pytest.mark.django_db
def test_the_report_says_whose_fees_are_not_on_record(user: User) -> None:
    unknown = dict.fromkeys(costs.COLUMNS)
    swap(user, AttemptState.LANDED, timezone.now(), **unknown)
    swap(user, AttemptState.FAILED_ONCHAIN, timezone.now(), **unknown)
    swap(user, AttemptState.OPEN, timezone.now(), **unknown)
    printed = io.StringIO()
    call_command("landing_report", stdout=printed)
    assert printed.getvalue().endswith("\nwithout the fees of 2 transactions that have none on record\n")


@pytest.mark.django_db
def test_a_report_of_nothing_has_dashes() -> None:
    printed = io.StringIO()
    call_command("landing_report", stdout=printed)
    assert " ".join(printed.getvalue().splitlines()[-1].split()) == "all 0 0 - 0 0 - - 0.00 0 0 0 0"
    assert total([]) == Landing()
    with pytest.raises(CommandError, match="at least 1"):
        call_command("landing_report", since=0)


@pytest.mark.django_db
def test_a_swap_is_simulated_before_it_is_signed_where_that_is_set(
    user: User, chain: TestChain, settings: Any
) -> None:
    node = urlsplit(chain.url).netloc
    labels = {"node": node, "method": "simulateTransaction", "code": "ok"}

    def simulations() -> float:
        return counters.REGISTRY.get_sample_value("orders_rpc_calls_total", labels) or 0

    measured = compute_budget(confirmed(order_row(user)).attempts.get())
    assert simulations() == 0
    settings.SIMULATE_COMPUTE_UNITS = True
    simulated = [compute_budget(confirmed(order_row(user)).attempts.get()) for _ in range(2)]
    # What was measured beforehand covers slower programs than localnet's.
    assert simulated[0] == simulated[1] < measured
    assert simulations() == 1
