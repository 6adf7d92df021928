"""The long history that reads are measured on, and the command that measures."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Count, F

from orders.models import Attempt, Order
from orders.proving.benchmark import history
from tests.factories import OrderFactory

NEWEST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_every_order_has_the_events_and_attempts_of_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_CHUNK", 40)
    monkeypatch.setattr(history, "_VARIED", 80)
    history.fill(100, NEWEST)
    history.fill(300, NEWEST)

    assert Order.objects.count() == 300
    told = Order.objects.annotate(told=Count("events", distinct=True), sent=Count("attempts", distinct=True))
    assert told.filter(told=F("version"), sent__in=[0, 1]).count() == 300
    assert told.filter(status="confirmed", sent=0).count() == 0
    assert Attempt.objects.exclude(order__signature=F("signature")).count() == 0
    assert Attempt.objects.filter(order__created_at__gt=F("created_at")).count() == 0
    placed = list(Order.objects.order_by("-created_at").values_list("created_at", flat=True))
    assert placed == [NEWEST - number * history._STEP for number in range(300)]
    assert Order.objects.filter(client_order_id="history-299", created_at=placed[-1]).exists()
    assert Order.objects.filter(user__username=history.HEAVY).count() > 150


@pytest.mark.django_db
def test_a_database_with_orders_of_others_is_refused() -> None:
    history.fill(10, NEWEST)
    history.require_own()
    OrderFactory()
    with pytest.raises(history.NotOurs):
        history.require_own()


def bench_history(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment: dict[str, Any] = {k: v for k, v in os.environ.items() if "DATABASE_URL" not in k}
    command = [sys.executable, "manage.py", "bench_history", "--file", str(file), *options]
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_prints_times_and_plans_and_leaves_other_databases_alone(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    size = ("--orders", "400", "--compare", "300", "--repeat", "1")
    found = bench_history(file, *size, "--only", "first page", "--explain", "--no-admin")
    assert found.returncode == 0, found.stderr
    assert "300 / 400 orders, ms" in found.stdout
    assert "heavy: first page" in found.stdout
    assert "USING INDEX order_newest_of_user (user_id=?)" in found.stdout
    assert "one order written" not in found.stdout

    database = sqlite3.connect(file)
    indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'orders_order'"
    before = database.execute(indexes).fetchone()
    written = bench_history(file, *size, "--only", "one order written")
    assert written.returncode == 0, written.stderr
    assert [line.split("  ")[0] for line in written.stdout.splitlines()[2:]] == [
        "one order written, all indexes",
        "one order written, less the 7 of ended orders",
        "one order written, less all 18 but keys",
    ]
    # What was written and dropped for it is as it was.
    assert database.execute("SELECT count(*) FROM orders_order").fetchone() == (400,)
    assert database.execute(indexes).fetchone() == before

    database.execute(
        "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, "
        "is_active, date_joined) VALUES ('somebody', '', 0, '', '', '', 0, 1, '2026-01-01')"
    )
    database.execute(
        "UPDATE orders_order SET user_id = (SELECT max(id) FROM auth_user) WHERE id ="
        " (SELECT id FROM orders_order LIMIT 1)"
    )
    database.commit()
    refused = bench_history(file, *size)
    assert refused.returncode == 2
    assert "holds orders of its own" in refused.stderr
    assert database.execute("SELECT count(*) FROM orders_order").fetchone() == (400,)
    assert uuid.UUID(database.execute("SELECT id FROM orders_order").fetchone()[0]).version == 4
