"""Whether orders are accepted is found out by writing as they are written, and said in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from orders.intake import acceptance, group_commit
from orders.intake.acceptance import Acceptance
from orders.intake.group_commit import GroupCommit
from orders.models import WriteTrial
from orders.platform.database_trouble import in_words
from tests.orders.rest import FIVE_SOL, place, refused

MISSING = "the database: tables of the engine are missing"


@contextmanager
def without_table(name: str) -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename(name, "set_aside")
    try:
        yield
    finally:
        rename("set_aside", name)


def health(client: Client) -> tuple[int, str, str]:
    answer = client.get("/health")
    checks: dict[str, Any] = answer.json()["checks"]
    return answer.status_code, checks["database"], checks["acceptance"]


@pytest.mark.django_db(transaction=True)
def test_health_is_503_while_orders_are_not_written(client: Client) -> None:
    assert health(client) == (200, "ok", "ok")
    with without_table("orders_orderevent"):
        refusal = refused(place(client, FIVE_SOL), 503, "DATABASE_UNAVAILABLE", "reason")
        assert refusal["details"]["reason"] == "tables of the engine are missing"
        assert health(client) == (503, "unavailable", MISSING)
    assert place(client, FIVE_SOL).status_code == 201
    assert health(client) == (200, "ok", "ok")


@pytest.mark.django_db(transaction=True)
def test_health_is_503_without_orders_too_and_goes_back_by_itself(client: Client) -> None:
    with without_table("orders_writetrial"):
        assert health(client) == (503, "unavailable", MISSING)
    acceptance.forget()
    assert health(client) == (200, "ok", "ok")


@pytest.mark.django_db
def test_one_trial_a_second_serves_all_who_ask() -> None:
    now = 1_000.0
    tried = Acceptance(lambda: now)
    moments = []
    for _ in range(5):
        assert tried.refusal() is None
        moments.append(WriteTrial.objects.get().at)
        now += 0.4
    assert [moments.index(moment) for moment in moments] == [0, 0, 0, 3, 3]


class StuckGroup(GroupCommit):
    """Takes trials and never comes to them."""

    def __init__(self) -> None:
        super().__init__()
        self.trials = 0

    def try_out(self, write: Callable[[], None], outcome: Future[None]) -> None:
        self.trials += 1


def test_slow_is_not_refused_before_an_order_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance, "_PATIENCE_SECONDS", 0)
    now, group = 1_000.0, StuckGroup()
    group_commit.use(group)
    tried = Acceptance(lambda: now)
    said = []
    for _ in range(4):
        said.append(tried.refusal())
        now += 10
    assert said == [None, None, None, "it takes too long"]
    assert group.trials == 1


class SqliteError(Exception):
    def __init__(self, code: int) -> None:
        self.sqlite_errorcode = code


class PostgresError(Exception):
    def __init__(self, code: str | None) -> None:
        self.sqlstate = code


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (SqliteError(13), "there is no room on its disk"),
        (SqliteError(8 | 3 << 8), "it takes no writes: it is read-only"),
        (SqliteError(10 | 3 << 8), "its disk gives errors"),
        (SqliteError(999), "it does not answer"),
        (PostgresError("53100"), "there is no room on its disk"),
        (PostgresError("53300"), "it takes no more connections"),
        (PostgresError(None), "it does not answer"),
        (OSError(28, "No space left on device"), "there is no room on its disk"),
        (OSError(24, "Too many open files"), "the engine has no file descriptors left"),
        (None, "it does not answer"),
    ],
)
def test_the_database_s_trouble_is_named_by_its_code(cause: Exception | None, words: str) -> None:
    error = OperationalError("secret")
    error.__cause__ = cause
    assert in_words(error) == words
