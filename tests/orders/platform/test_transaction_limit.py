"""A worker's transactions end, whatever becomes of the worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from orders.platform import transaction_limit


@pytest.fixture
def installed() -> Iterator[None]:
    transaction_limit.install()
    yield
    connection_created.disconnect(dispatch_uid="orders.platform.transaction_limit")


@pytest.mark.django_db
@pytest.mark.usefixtures("installed")
def test_a_new_connection_of_a_worker_bounds_its_transactions() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could end a transaction")
    whole = connection.pg_version >= 170_000
    connection_created.send(sender=type(connection), connection=connection)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_timeout" if whole else "SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("10s",)
        cursor.execute("RESET transaction_timeout" if whole else "RESET idle_in_transaction_session_timeout")
