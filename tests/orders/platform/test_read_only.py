"""Connections to a server that takes no writes are given up at the first refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InternalError, connection

from orders.models import Order
from orders.platform.read_only import close_read_only


class Raw:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class Wrapper:
    def __init__(self) -> None:
        self.connection = Raw()


class Refusal(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__()
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "is_closed"), [("25006", True), ("25P02", False)])
def test_a_refused_write_closes_its_connection(sqlstate: str, is_closed: bool) -> None:
    def execute(*_: Any) -> None:
        raise InternalError from Refusal(sqlstate)

    wrapper = Wrapper()
    with pytest.raises(InternalError):
        close_read_only(execute, "UPDATE", (), False, {"connection": wrapper})
    assert wrapper.connection.is_closed is is_closed


@pytest.mark.django_db(transaction=True)
def test_after_the_server_was_read_only_the_next_write_goes_through() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(InternalError):
        Order.objects.update(starts=0)
    connection.close_if_unusable_or_obsolete()
    assert Order.objects.update(starts=0) == 0
