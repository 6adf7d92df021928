"""No statement of the hot path reads a whole table, however many orders have ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, UniqueConstraint
from django.test import Client
from django.utils import timezone
from prometheus_client.registry import Collector

from orders import gateway
from orders.api.health import _database
from orders.gateway import Sent
from orders.intake import order_rate
from orders.lifecycle import AttemptState, SendAnswer, Status
from orders.models import Attempt, Order, OrderEvent
from orders.pipeline import followed, settle, sweeper
from orders.pipeline.sweeper import OnTheirWay
from orders.records import attempts, committed, first_step, journal, leases
from orders.records.transition import Transition
from orders.reporting.metrics_rows import RowMetrics
from orders.streaming import cursor as following
from tests.factories import SOL, USDC, UserFactory
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.plans import PARTIAL, Plans, explained
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db
ENDED = 1_500


@pytest.fixture
def trader() -> User:
    """Somebody with a history, at a table whose statistics know it."""
    user = UserFactory(username="local")
    now = timezone.now()
    statuses = [Status.CONFIRMED] * 8 + [Status.FAILED, Status.CANCELLED]
    Order.objects.bulk_create(
        Order(
            user=user,
            client_order_id=f"key-{number}",
            request_hash="0" * 64,
            status=statuses[number % 10],
            network="localnet",
            token_in=SOL if number % 2 else USDC,
            token_out=USDC if number % 2 else SOL,
            dex="raydium" if number % 3 else "meteora",
            amount_in=1,
            slippage_bps=50,
            due_at=now,
            finalized_at=now,
            confirmed_at=now,
            created_at=now - timedelta(seconds=number),
            updated_at=now,
        )
        for number in range(ENDED)
    )
    analyzed()
    return user


def analyzed() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def claimed(trader: User) -> None:
    order = order_row(trader)
    assert leases.still_at([order.pk], {Status.PENDING}) == [order.pk]
    (found,) = leases.claim([order.pk], {Status.PENDING})
    leases.release([found])
    assert leases.let_go_signed([found]) == []


def settled(trader: User) -> None:
    order = order_row(trader, status=Status.SUBMITTED, signature="s")
    attempt = attempt_row(order, signature="s")
    watched = settle.Watched(attempt, gateway.dead_check(150), 0, 0)
    assert list(settle._submitted_orders([watched])) == [order.pk]
    attempts.note_sent([(attempt, Sent(SendAnswer.ACCEPTED))])
    assert attempts.open_of([order]) == {order.pk: attempt}


def swept(trader: User) -> None:
    order_row(trader, due_at=timezone.now() + timedelta(hours=1))
    watch = FakePoller().watch
    assert sweeper.resume_due(OnTheirWay(FakeBroker().publish, watch)) == 0
    assert followed.adopt_submitted(watch) == followed.finalize(watch) == 0
    assert sweeper.oldest_due_seconds() == 0


def told(trader: User) -> None:
    order = order_row(trader)
    assert following.own_order(trader.pk, order.pk) == order
    assert following.active_orders(trader.pk) == [order.pk]
    assert order.pk in following.orders_since(trader.pk, timezone.now() - timedelta(seconds=1))
    assert len(following.rows_after({order.pk: 0})) == 1


def watched_over(trader: User) -> None:
    order_row(trader)
    assert _database().refusal is None
    collector: Collector = RowMetrics()
    assert list(collector.collect())


def counted(trader: User) -> None:
    order_rate.require_room(trader.pk)


def moved(trader: User) -> None:
    assert journal.record([Transition(order_row(trader), Status.ROUTING)])


def begun(trader: User) -> None:
    order_row(trader)
    assert len(first_step.take([order_row(trader).pk], most=64)) == 2


@pytest.mark.parametrize("work", [claimed, settled, swept, told, watched_over, counted, moved, begun])
def test_no_hot_statement_reads_a_whole_table(
    trader: User, settings: Any, work: Callable[[User], None]
) -> None:
    settings.ORDERS_PER_MINUTE = 1_000_000
    with explained() as plans:
        work(trader)

    assert plans.statements
    assert plans.whole_tables == []


def test_committed_sums_read_no_ended_transactions(trader: User) -> None:
    Attempt.objects.bulk_create(
        Attempt(
            order=order,
            number=1,
            signature=f"landed-{number}",
            signed_transaction=b"",
            blockhash="",
            last_valid_block_height=1,
            state=AttemptState.LANDED,
            slot=1,
            created_at=order.created_at,
        )
        for number, order in enumerate(Order.objects.all())
    )
    analyzed()
    attempt_row(order_row(trader, status=Status.SUBMITTED, wallet="w"), reserved_lamports=7)
    with explained() as plans:
        assert list(committed.under_way()) == [("w", SOL, 1_000_000_000, 7)]
        assert list(committed.landed_after(0, timezone.now() - timedelta(hours=1))) == []

    assert plans.whole_tables == []


@pytest.mark.parametrize("model", [Order, Attempt, OrderEvent])
def test_the_database_has_every_index_and_constraint_of_the_models(model: type[Model]) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)

    declared = {each.name: type(each) for each in [*model._meta.indexes, *model._meta.constraints]}
    # SQLite does not tell the names of unique constraints without a condition, only their columns.
    columns = {tuple(each["columns"]) for each in found.values() if each["unique"]}
    for name, kind in declared.items():
        if name not in found:
            assert kind is UniqueConstraint
            (constraint,) = [each for each in model._meta.constraints if each.name == name]
            assert isinstance(constraint, UniqueConstraint)
            assert constraint.condition is None
            assert tuple(model._meta.get_field(f).column for f in constraint.fields) in columns


def test_no_index_asks_for_a_list_of_statuses() -> None:
    """SQLite makes a table of such a list for each index of each row whose status changes."""
    conditions = [str(index.condition) for index in Order._meta.indexes if index.condition is not None]
    assert len(conditions) > 10
    assert [each for each in conditions if "__in" in each] == []


def test_a_whole_table_that_is_read_is_noticed(trader: User) -> None:
    with explained() as plans:
        list(Order.objects.filter(error_message="text"))
        list(Attempt.objects.filter(error_code="text"))

    assert len(plans.whole_tables) == 2


def listed(client: Client, query: str) -> Plans:
    with explained() as plans:
        page = client.get(f"/api/orders?limit=2&{query}").json()
        for _ in range(2):
            page = client.get(page["next"]).json() if page["next"] else page
    # Where nearly all orders are one user's, PostgreSQL may read a page off the newest of all, and no more.
    assert [read for read in plans.whole_tables if "'Index Name': 'order_newest'" not in read] == []
    return plans


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "order_newest_of_user"),
        ("since=2026-01-01T00:00:00Z", "order_newest_of_user"),
        ("status=failed", "order_ended_user_status"),
        ("status=confirmed,cancelled,pending", "order_ended_user_status"),
        ("dex=orca", "order_ended_user_dex"),
        ("type=sniper", "order_ended_user_type"),
        ("wallet=another", "order_ended_user_wallet"),
        ("wallet=another&status=confirmed", "order_ended_user_wallet"),
        ("open=false&dex=orca", "order_ended_user_dex"),
        ("type=sniper,limit", "order_ended_user_type"),
        ("token=BONK", "order_ended_user_token_in"),
        ("token=BONK&status=confirmed,failed", "order_ended_user_token_in"),
        ("token=BONK&status=expired&dex=orca&type=market", "order_ended_user_token_in"),
        ("status=expired&dex=raydium", "order_ended_user_status"),
        ("status=confirmed&dex=orca", "order_ended_user_dex"),
        ("type=limit&dex=raydium&status=failed&token=SOL", "order_ended_user_type"),
    ],
)
def test_a_filter_that_few_orders_fit_has_an_index(
    client: Client, trader: User, query: str, index: str
) -> None:
    if connection.vendor == "postgresql":
        # It weighs costs: a table of this size does not show what it would do with a large one.
        assert listed(client, query).indexes
        return
    used = listed(client, query).indexes
    assert index in used
    ended = {name for name in PARTIAL if name.startswith("order_ended_user_")}
    assert used & ended <= {index, index.replace("token_in", "token_out")}
    assert used <= {*PARTIAL, index, "sqlite_autoindex_orders_order_1"}


def test_pending_orders_are_listed_without_looking_at_ended_ones(client: Client, trader: User) -> None:
    waiting = [order_row(trader) for _ in range(3)]
    with explained() as plans:
        body = client.get("/api/orders?status=pending").json()

    assert [order["orderId"] for order in body["results"]] == [str(order.pk) for order in reversed(waiting)]
    assert plans.indexes
    assert plans.indexes <= PARTIAL


def test_a_client_order_id_finds_its_order_with_and_without_its_user(client: Client, trader: User) -> None:
    with explained() as plans:
        body = client.get("/api/orders?clientOrderId=key-7&dex=raydium").json()
        assert Order.objects.get(client_order_id="key-7").user == trader

    assert [order["clientOrderId"] for order in body["results"]] == ["key-7"]
    assert plans.whole_tables == []
    assert not plans.indexes & {"order_newest_of_user", "order_ended_user_dex"}
