"""Values as the database stores them: those of the fields themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import F

from orders.lifecycle import OrderType, Status
from orders.models import Attempt, Order, OrderEvent
from orders.records import sql
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Order, "id", ID),
        (Order, "id", str(ID)),
        (Order, "lease_token", None),
        (Order, "status", Status.PENDING),
        (Order, "type", OrderType.MARKET),
        (Order, "token_in", "SOL"),
        (Order, "client_order_id", None),
        (Order, "amount_in", 2**63 - 1),
        (Order, "amount_in", "5"),
        (Order, "slippage_is_auto", True),
        (Order, "slippage_is_auto", 0),
        (Order, "created_at", datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)),
        (Order, "created_at", datetime(2030, 1, 2, 3, tzinfo=timezone(timedelta(hours=5)))),
        (Order, "route_bounds", None),
        (OrderEvent, "order", ID),
        (Attempt, "signed_transaction", b"\x00\xff"),
    ],
)
def test_a_value_is_stored_as_its_field_stores_it(model: type[models.Model], name: str, value: Any) -> None:
    field: Any = model._meta.get_field(name)
    [stored] = sql.values(model, [(name, value)])
    expected = field.get_db_prep_save(value, connection)
    # A driver's binary is equal by what it holds: a memoryview, or psycopg's wrapper of the bytes.
    held = [
        bytes(getattr(each, "obj", each)) if isinstance(value, bytes) else each for each in (stored, expected)
    ]
    assert (type(stored), held[0]) == (type(expected), held[1])


def test_an_expression_is_left_to_its_field() -> None:
    [stored] = sql.values(Order, [("starts", F("starts") + 1)])
    assert hasattr(stored, "resolve_expression")


def test_an_events_data_is_stored_as_json() -> None:
    row = OrderEvent(order_id=ID, sequence=1, status="pending", at=datetime.now(UTC), data={"a": [1, "b"]})
    [stored] = sql.insert_values([row])
    field: Any = OrderEvent._meta.get_field("data")
    kept = stored[sql.columns(OrderEvent).index("data")]
    expected = field.get_db_prep_save({"a": [1, "b"]}, connection)
    assert type(kept) is type(expected)
    assert json.loads(_text(kept)) == json.loads(_text(expected)) == {"a": [1, "b"]}


def test_json_beyond_64_bits_is_stored_as_it_is() -> None:
    [stored] = sql.values(OrderEvent, [("data", {"sum": 2**64})])
    assert json.loads(_text(stored)) == {"sum": 18_446_744_073_709_551_616}


@pytest.mark.parametrize(
    ("count", "padded_to"), [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (64, 64), (65, 128)]
)
def test_keys_are_repeated_up_to_a_power_of_two(count: int, padded_to: int) -> None:
    keys = sql.padded(range(count))
    assert (len(keys), list(dict.fromkeys(keys))) == (padded_to, list(range(count)))


def test_a_row_is_read_as_the_orm_reads_it(user: User) -> None:
    now = datetime.now(UTC)
    order = order_row(
        user, lease_token=ID, lease_until=now, slippage_is_auto=True, route_bounds={"maxHops": 1}, route=None
    )
    Order.objects.filter(pk=order.pk).update(due_at=now.replace(microsecond=0))
    attempt_row(order, signed_transaction=b"\x00\xff", last_sent_at=now)
    for model in (Order, Attempt):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {sql.every_column(model)} FROM {sql.table(model)}")
            [read] = sql.rows(model, cursor.fetchall())
        assert _columns(read) == _columns(model.objects.get())
        assert (read._state.adding, read._state.db) == (False, "default")
    assert read.order.user == user


def _columns(row: models.Model) -> dict[str, tuple[type, Any]]:
    return {name: (type(value), value) for name, value in vars(row).items() if name != "_state"}


def _text(stored: Any) -> str:
    """What a driver is given for JSON: text, or psycopg's wrapper of the value."""
    return stored if isinstance(stored, str) else stored.dumps(stored.obj)
