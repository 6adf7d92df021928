"""The table of the order's life."""

from __future__ import annotations

import itertools

import pytest

from orders.lifecycle import (
    ACTIVE,
    BY_TASKS,
    CANCELLABLE,
    FINAL,
    STAGES,
    TERMINAL_REASONS,
    TRANSITIONS,
    UNFINISHED,
    FailureReason,
    Status,
    may_follow,
    retry_delay_seconds,
)

MAIN_ROAD = [
    Status.PENDING,
    Status.ROUTING,
    Status.BUILDING,
    Status.SUBMITTED,
    Status.CONFIRMED,
]


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize(("current", "target"), list(itertools.pairwise(MAIN_ROAD)))
def test_the_main_road_is_open(current: Status, target: Status) -> None:
    assert may_follow(current, target)


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED])
def test_nothing_follows_an_end(status: Status) -> None:
    assert TRANSITIONS[status] == frozenset()


def test_only_a_sibling_that_moved_nothing_leads_out_of_cancelled() -> None:
    assert TRANSITIONS[Status.CANCELLED] == {Status.OPEN}


def test_only_a_dropped_fork_leads_out_of_confirmed() -> None:
    assert TRANSITIONS[Status.CONFIRMED] == {Status.SUBMITTED}


def test_no_stage_can_be_skipped() -> None:
    assert not may_follow(Status.PENDING, Status.BUILDING)
    assert not may_follow(Status.ROUTING, Status.SUBMITTED)
    assert not may_follow(Status.BUILDING, Status.CONFIRMED)


def test_an_order_under_work_cannot_be_cancelled() -> None:
    assert {Status.PENDING, Status.OPEN} == CANCELLABLE
    assert not any(may_follow(status, Status.CANCELLED) for status in set(Status) - CANCELLABLE)


def test_active_and_final_do_not_overlap() -> None:
    assert frozenset() == ACTIVE & FINAL
    assert set(Status) - ACTIVE - FINAL == {Status.OPEN}


def test_retries_wait_one_two_and_four_seconds_and_then_end() -> None:
    assert [retry_delay_seconds(done) for done in range(5)] == [1, 2, 4, None, None]


def test_what_a_retry_cannot_mend_is_not_retried() -> None:
    assert {
        FailureReason.INSUFFICIENT_FUNDS,
        FailureReason.NO_ROUTE,
        FailureReason.PRICE_IMPACT_TOO_HIGH,
        FailureReason.AMOUNT_TOO_SMALL,
        FailureReason.INSUFFICIENT_LIQUIDITY,
        FailureReason.POLICY_VIOLATION,
        FailureReason.TOO_MANY_STARTS,
        FailureReason.ACCOUNT_FROZEN,
        FailureReason.PROGRAM_REFUSED,
        FailureReason.TOKEN_REFUSED,
        FailureReason.TRANSFER_REFUSED,
        FailureReason.UNSUPPORTED_POOL,
        FailureReason.PRICE_OUT_OF_LINE,
        FailureReason.CAP_REACHED,
    } == TERMINAL_REASONS


def test_every_reason_has_a_text_and_fits_its_column() -> None:
    for reason in FailureReason:
        assert reason.label
        assert reason.label != reason.value
        assert len(reason.value) <= 32


def test_every_status_says_who_resumes_its_orders() -> None:
    assert set(STAGES) == set(Status)
    assert BY_TASKS == (Status.PENDING, Status.ROUTING, Status.BUILDING)
    assert {*BY_TASKS, Status.SUBMITTED} == ACTIVE
    assert ACTIVE | {Status.OPEN} == UNFINISHED
    assert set(Status) - UNFINISHED == FINAL
    assert all(bool(stage.tasks) == (status in BY_TASKS) for status, stage in STAGES.items())
