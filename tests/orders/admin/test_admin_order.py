"""The page of one order in the admin, and the two actions."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import AsyncRequestFactory, Client

from orders.admin import csv_export, record, routes
from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from orders.records import costs
from tests.factories import POOL, SIGNATURE, AttemptFactory, OrderFactory, UserFactory, advance

LIST = "/admin/orders/order/"
QUOTE = {
    "dex": "raydium",
    "venue": "raydium-cpmm",
    "pool": POOL,
    "amountOut": "823.5",
    "minAmountOut": "819.3825",
    "price": "164.7",
    "priceImpactBps": 3,
    "fee": "0.0125",
    "feeToken": "SOL",
}
LOSING = QUOTE | {"dex": "meteora", "venue": "meteora-damm-v2", "amountOut": "822.2071"}


def run(client: Client, action: str, *orders: Order, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(order.pk) for order in orders]}
    return client.post(LIST, chosen | more, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.mark.django_db
def test_an_order_is_shown_with_attempts_but_without_signed_bytes(staff: Client) -> None:
    order = OrderFactory(request_hash="feedc0de" * 8)
    advance(order, Status.ROUTING, Status.BUILDING, **QUOTE)
    AttemptFactory(order=order, signed_transaction=b"never-shown", slot=77, error_code="Custom6")
    page = staff.get(f"{LIST}{order.pk}/change/").content.decode()

    assert SIGNATURE in page
    assert "Custom6" in page
    assert "77" in page
    assert POOL in page
    assert "never-shown" not in page
    assert "feedc0de" not in page
    assert "signed_transaction" not in page
    assert 'name="_save"' not in page


@pytest.mark.django_db
def test_attempts_show_what_they_cost(staff: Client) -> None:
    order = OrderFactory()
    cost = {"priority_fee": 300, "tip": 0, "rent": 0}
    AttemptFactory(order=order, signature="f" * 88, state="failed_onchain", network_fee=5_000, **cost)
    nothing = dict.fromkeys(costs.COLUMNS, 0)
    AttemptFactory(order=order, number=2, signature="e" * 88, state="expired", **nothing)
    AttemptFactory(order=order, number=3)
    page = staff.get(f"{LIST}{order.pk}/change/").content.decode()

    cells = re.findall(r"<td[^>]*field-paid[^>]*>(.*?)</td>", page, re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells] == [
        "network 0.000005, priority 0.0000003",
        "nothing",
        "-",
    ]


def test_the_timeline_counts_milliseconds_from_step_to_step() -> None:
    begins = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    told = [
        ("pending", 0, {}),
        ("routing", 41, {}),
        ("routing", 2_041, {"attempt": 1, "retryInMs": 1000, "error": "No pool trades this pair"}),
        ("failed", 2_050, {"error": "DEX routing failed", "code": "ROUTING_FAILED"}),
    ]
    events = [
        OrderEvent(sequence=number, status=status, at=begins + timedelta(milliseconds=ms), data=data)
        for number, (status, ms, data) in enumerate(told, 1)
    ]

    steps = record.steps_of(events)

    assert [(step.status, step.since_previous) for step in steps] == [
        ("pending", ""),
        ("routing", "+41 ms"),
        ("routing", "+2\u202f000 ms"),
        ("failed", "+9 ms"),
    ]
    assert steps[2].remark == "No pool trades this pair; retry 1 in 1000 ms"
    assert steps[3].remark == "DEX routing failed, ROUTING_FAILED"


SWAP = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}


def test_routes_are_compared_and_venue_errors_are_told() -> None:
    data = {**QUOTE, "quotes": [LOSING], "errors": [{"venue": "meteora-damm-v2", "code": "POOL_DISABLED"}]}
    events = [OrderEvent(status="building", data=QUOTE), OrderEvent(status="building", data=data)]

    board = routes.compared(events, SWAP)

    assert board is not None
    assert [(q.name, q.amount_out, q.difference, q.is_chosen) for q in board.quotes] == [
        # (823.5 - 822.2071) / 823.5 = 15.70 bps: one number for the gap, whichever side says it.
        ("raydium-cpmm", "823.5", "+15.7 bps", True),
        ("meteora-damm-v2", "822.2071", "-15.7 bps", False),
    ]
    assert board.errors == [("meteora-damm-v2", "POOL_DISABLED", "The pool does not accept swaps now")]
    assert routes.compared([OrderEvent(status="routing", data={})], SWAP) is None


def leg(venue: str, token_in: str = "SOL", token_out: str = "USDC") -> dict[str, str]:
    return {"venue": venue, "pool": POOL, "tokenIn": token_in, "tokenOut": token_out}


def test_a_route_is_drawn_with_its_shares_and_hops() -> None:
    route = [
        {"shareBps": 6125, "legs": [leg("raydium-clmm")]},
        {"shareBps": 3875, "legs": [leg("orca-whirlpool", "SOL", "USDT"), leg("meteora-dlmm", "USDT")]},
    ]
    board = routes.compared([OrderEvent(status="building", data=QUOTE | {"route": route})], SWAP)

    assert board is not None
    assert [(path.share, path.width, len(path.legs)) for path in board.drawn] == [
        ("61.25 %", 6, 1),
        ("38.75 %", 5, 2),
    ]
    name = "61.25 % raydium-clmm, 38.75 % orca-whirlpool → meteora-dlmm over USDT"
    assert [(q.name, q.difference) for q in board.quotes] == [(name, "")]


@pytest.mark.django_db
def test_amounts_asked_stand_beside_amounts_executed() -> None:
    order = OrderFactory(
        quoted_amount_out=823_500_000,
        min_amount_out=819_382_500,
        executed_amount_in=5_000_000_000,
        executed_amount_out=822_676_500,
        network_fee=5_000,
    )

    rows = {what: (quoted, executed) for what, quoted, executed in record.amounts_of(order)}

    assert rows["Paid"] == ("5 SOL", "5 SOL")
    assert rows["Received"] == ("823.5 USDC", "822.6765 USDC")
    assert rows["Price"] == ("164.7 USDC per SOL", "164.5353 USDC per SOL")
    assert rows["Slippage"] == ("50 bps allowed", "+10 bps")
    assert rows["Network fee"] == ("", "0.000005 SOL")


@pytest.mark.django_db
def test_nobody_can_add_change_or_delete(staff: Client) -> None:
    order = OrderFactory()
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{LIST}{order.pk}/change/", {"status": "failed"}).status_code == 403
    run(staff, "delete_selected", order, post="yes")
    order.refresh_from_db()
    assert order.status == "pending"


@pytest.mark.django_db
def test_pending_and_open_orders_are_cancelled_and_the_others_told(staff: Client) -> None:
    pending, resting = OrderFactory(), advance(OrderFactory(), Status.OPEN)
    begun = advance(OrderFactory(), Status.ROUTING)
    over = advance(OrderFactory(), Status.FAILED)

    answer = run(staff, "cancel_orders", pending, resting, begun, over)

    assert said(answer) == ["2 orders cancelled.", "2 orders not cancelled, too late: 1 failed, 1 routing."]
    assert [Order.objects.get(pk=order.pk).status for order in (pending, resting, begun, over)] == [
        *("cancelled", "cancelled", "routing", "failed")
    ]
    last = OrderEvent.objects.filter(order=pending).order_by("sequence").last()
    assert last is not None
    assert (last.sequence, last.status) == (2, "cancelled")
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(pending.pk), str(resting.pk)}


@pytest.mark.django_db
def test_an_order_can_be_cancelled_from_its_own_page(staff: Client) -> None:
    order = OrderFactory()
    page = staff.get(f"{LIST}{order.pk}/change/").content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([\w-]+)">', page))

    answer = staff.post(LIST, fields, follow=True)

    assert answer.redirect_chain == [(f"{LIST}{order.pk}/change/", 302)]
    assert said(answer) == ["1 order cancelled."]
    assert "Cancel this order" not in answer.content.decode()


@pytest.mark.django_db
def test_to_cancel_takes_a_permission_of_its_own(clerk: Client) -> None:
    order = OrderFactory()
    User.objects.get(username="clerk").user_permissions.add(Permission.objects.get(codename="view_order"))

    assert "Cancel this order" not in clerk.get(f"{LIST}{order.pk}/change/").content.decode()
    run(clerk, "cancel_orders", order)
    order.refresh_from_db()
    assert order.status == "pending"

    User.objects.get(username="clerk").user_permissions.add(Permission.objects.get(codename="change_order"))
    run(clerk, "cancel_orders", order)
    order.refresh_from_db()
    assert order.status == "cancelled"


def rows_of(body: bytes) -> list[dict[str, str]]:
    assert body.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.mark.django_db
def test_the_csv_has_exact_amounts_and_no_formula(staff: Client) -> None:
    user = UserFactory(username="@trader")
    first = OrderFactory(user=user, client_order_id='=HYPERLINK("x"),\n', amount_in=1)
    second = OrderFactory(client_order_id="-1.5", error_code="NO_ROUTE", error_message="+call")

    answer = run(staff, "export_csv", first, second)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="orders-[\d-]+\.csv"', answer["Content-Disposition"])
    newest, oldest = rows_of(answer.getvalue())
    assert (newest["orderId"], oldest["orderId"]) == (str(second.pk), str(first.pk))
    assert oldest["clientOrderId"] == '\'=HYPERLINK("x"),\n'
    assert (oldest["amountIn"], oldest["amountInRaw"]) == ("0.000000001", "1")
    assert (oldest["user"], newest["errorMessage"], newest["clientOrderId"]) == ("'@trader", "'+call", "-1.5")


@pytest.mark.django_db
def test_the_csv_goes_on_over_pages_and_ends_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "_PAGE", 2)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    orders = [OrderFactory(created_at=moment) for _ in range(5)]

    whole = rows_of("".join(csv_export.csv_pages(Order.objects.all(), most=9)).encode())
    cut = rows_of("".join(csv_export.csv_pages(Order.objects.all(), most=3)).encode())

    ids = sorted((str(order.pk) for order in orders), reverse=True)
    assert [row["orderId"] for row in whole] == ids
    assert [row["orderId"] for row in cut] == ids[:3]


@pytest.mark.django_db
def test_under_asgi_the_csv_is_streamed_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "_PAGE", 1)
    OrderFactory(), OrderFactory()
    browser: Any = admin.site.get_model_admin(Order)
    answer = browser.export_csv(AsyncRequestFactory().post(LIST), Order.objects.all())

    async def pieces() -> list[bytes]:
        return [piece async for piece in answer.streaming_content]

    sent = async_to_sync(pieces)()

    assert answer.is_async
    assert len(sent) == 3
    assert len(rows_of(b"".join(sent))) == 2


@pytest.mark.django_db
def test_a_file_that_was_cut_says_so(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "MOST_ROWS", 1)
    orders = [OrderFactory(), OrderFactory()]

    answer = run(staff, "export_csv", *orders)

    assert "orders-newest-" in answer["Content-Disposition"]
    assert said(staff.get(LIST)) == ["The file holds the newest 1 of the chosen orders."]
