"""How long reads take on a long history, and what the database does for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from rest_framework.test import APIRequestFactory, force_authenticate

from orders.api.order_views import OrderDetail, OrderList
from orders.api.pages import Position
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline.sweeper import oldest_due_seconds
from orders.proving.benchmark.figures import Spread, spread
from orders.proving.benchmark.history import HEAVY, LIGHT, OWNER_PREFIX

_WARM_UP: Final = 3
_PAGE: Final = 50
_MILLISECONDS: Final = 1000
_DEPTHS: Final = (10, 100, 1_000, 10_000)
_STAFF: Final = f"{OWNER_PREFIX}staff"

FILTERS: Final = (
    *("status=confirmed", "status=failed", "status=expired", "status=pending", "status=failed,cancelled"),
    *("type=limit", "type=sniper", "dex=meteora", "dex=orca", "token=SOL", "token=BONK"),
    *("since=2020-01-01T00:00:00Z", "until=2020-01-01T00:00:00Z", "clientOrderId=history-4999"),
    *("status=expired&dex=meteora", "status=failed&token=BONK", "token=BONK&dex=raydium"),
    *("status=cancelled&type=limit", "dex=meteora&type=limit"),
)
ADMIN: Final = {
    "admin list": "",
    "admin status=failed": "status=failed",
    "admin status=pending": "status=pending",
    "admin dex=meteora": "dex=meteora",
    "admin reason, none": "error_code=NO_ROUTE",
    "admin page 150": "p=150",
    "admin search client id": "q=history-4999",
    "admin search mint": "q=DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",
    "admin search, none": "q=nothing-has-this-name",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of read: its times in milliseconds, and the plans of its statements when asked for."""

    name: str
    times: Spread
    plans: tuple[str, ...]


Read = Callable[[], None]


def reads(with_admin: bool) -> Iterator[tuple[str, Read]]:
    """Every kind of read with its name. Views are called in this process, without HTTP."""
    users = get_user_model().objects
    for owner in (HEAVY, LIGHT):
        user, name = users.get(username=owner), owner.removeprefix(OWNER_PREFIX)
        yield f"{name}: first page", _listing(user, "")
        for pages in _DEPTHS:
            position = _position(user, pages * _PAGE)
            if position is not None:
                yield f"{name}: {pages:,} pages in", _listing(user, f"cursor={position.encode()}")
        for query in FILTERS:
            yield f"{name}: {query}", _listing(user, query)
        yield f"{name}: one order", _detail(user, Status.CONFIRMED)
    yield "oldest due order", _oldest_due
    if with_admin:
        yield from _admin_reads()


def measure(name: str, read: Read, repeat: int, explain: bool) -> Measured:
    """Times of ``repeat`` runs after some that warm up."""
    for _ in range(_WARM_UP):
        read()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        read()
        times.append((time.perf_counter() - started) * _MILLISECONDS)
    plans: list[str] = []
    if explain:
        with explained(plans):
            read()
    found = spread(times)
    if found is None:
        raise ValueError("nothing to measure")
    return Measured(name, found, tuple(plans))


@contextmanager
def explained(plans: list[str]) -> Iterator[None]:
    """Put the plan of each statement on the record's tables into ``plans``, just before it runs."""

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        if sql.startswith("SELECT") and "orders_" in sql:
            postgres = connection.vendor == "postgresql"
            prefix = "EXPLAIN (ANALYZE, BUFFERS) " if postgres else "EXPLAIN QUERY PLAN "
            with connection.cursor() as cursor:
                cursor.cursor.execute(prefix + sql, params)
                plans.extend(str(row[-1]) for row in cursor.cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield


def _listing(user: Any, query: str) -> Read:
    view, factory = OrderList.as_view(throttle_classes=()), APIRequestFactory()

    def read() -> None:
        request = factory.get(f"/api/orders?{query}", SERVER_NAME="127.0.0.1")
        force_authenticate(request, user)
        _expect_200(view(request).render())

    return read


def _detail(user: Any, status: Status) -> Read:
    view, factory = OrderDetail.as_view(throttle_classes=()), APIRequestFactory()
    newest = Order.objects.filter(user=user, status=status).order_by("-created_at", "-id")
    order_id = str(newest.values_list("pk", flat=True)[0])

    def read() -> None:
        request = factory.get(f"/api/orders/{order_id}", SERVER_NAME="127.0.0.1")
        force_authenticate(request, user)
        response: Any = view(request, order_id=order_id)
        _expect_200(response.render() if hasattr(response, "render") else response)

    return read


def _admin_reads() -> Iterator[tuple[str, Read]]:
    users = get_user_model().objects
    staff, _ = users.get_or_create(username=_STAFF, defaults={"is_staff": True, "is_superuser": True})
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(staff)
    signature = Attempt.objects.order_by("pk").values_list("signature", flat=True)[10]
    order = Order.objects.order_by("-created_at").values_list("pk", flat=True)[10]
    pages = {name: f"/admin/orders/order/?{query}" for name, query in ADMIN.items()}
    pages["admin search signature"] = f"/admin/orders/order/?q={signature}"
    pages["admin one order"] = f"/admin/orders/order/{order}/change/"
    pages["admin index"] = "/admin/"
    for name, page in pages.items():
        yield name, lambda page=page: _expect_200(client.get(page))  # type: ignore[misc]


def _oldest_due() -> None:
    oldest_due_seconds()


def _position(user: Any, offset: int) -> Position | None:
    newest_first = Order.objects.filter(user=user).order_by("-created_at", "-id")
    found = newest_first.values_list("created_at", "id")[offset - 1 : offset]
    return Position(*found[0], forward=True) if found else None


def _expect_200(response: Any) -> None:
    if response.status_code != 200:
        raise RuntimeError(f"answered with {response.status_code}: {response.content[:300]!r}")
