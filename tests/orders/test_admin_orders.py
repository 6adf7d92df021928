"""The order browser of the admin, and the system checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from orders.checks import local_user_stays_local, slippage_limits_make_sense
from orders.lifecycle import Status
from tests.factories import SIGNATURE, AttemptFactory, OrderFactory, advance


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


@pytest.mark.django_db
def test_the_list_shows_orders_of_all_users(staff: Client) -> None:
    OrderFactory(signature=SIGNATURE, venue="raydium-cpmm"), OrderFactory()
    page = staff.get("/admin/orders/order/").content.decode()

    assert page.count("5 SOL → USDC") == 2
    assert f"{SIGNATURE[:8]}…" in page


@pytest.mark.django_db
def test_an_order_is_shown_with_events_and_attempts_but_without_signed_bytes(staff: Client) -> None:
    order = advance(OrderFactory(), Status.ROUTING, Status.BUILDING, dex="meteora")
    AttemptFactory(order=order, signed_transaction=b"never-shown")
    page = staff.get(f"/admin/orders/order/{order.pk}/change/").content.decode()

    assert SIGNATURE in page and "meteora" in page
    assert "never-shown" not in page and "signed_transaction" not in page
    assert 'name="_save"' not in page


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["{id}", "{hex}", "mine", SIGNATURE, "{mint}"])
def test_an_order_is_found_by_any_of_its_names(staff: Client, term: str) -> None:
    order = OrderFactory(client_order_id="mine", token_in=SIGNATURE[:44])
    AttemptFactory(order=order)
    OrderFactory()
    named = term.format(id=order.pk, hex=order.pk.hex, mint=order.token_in)
    page = staff.get("/admin/orders/order/", {"q": named})

    assert [found.pk for found in page.context["cl"].result_list] == [order.pk]


@pytest.mark.django_db
def test_nobody_can_add_change_or_delete(staff: Client) -> None:
    order = OrderFactory()
    assert staff.get("/admin/orders/order/add/").status_code == 403
    assert staff.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"/admin/orders/order/{order.pk}/change/", {"status": "failed"}).status_code == 403
    order.refresh_from_db()
    assert order.status == "pending"


@pytest.mark.django_db
def test_only_staff_gets_in(client: Client) -> None:
    assert client.get("/admin/orders/order/").status_code == 302


@pytest.mark.parametrize(("debug", "host"), [(False, "127.0.0.1"), (True, "0.0.0.0")])
def test_the_local_user_may_not_leave_the_machine(settings: Any, debug: bool, host: str) -> None:
    settings.LOCAL_USER_ALLOWED, settings.DEBUG, settings.HOST = True, debug, host
    assert [message.id for message in local_user_stays_local()] == ["orders.E001"]
    settings.LOCAL_USER_ALLOWED = False
    assert local_user_stays_local() == []


@pytest.mark.parametrize(("default", "most"), [(-1, 50), (60, 50), (50, 10_001)])
def test_slippage_limits_must_fit(settings: Any, default: int, most: int) -> None:
    settings.DEFAULT_SLIPPAGE_BPS, settings.MAX_SLIPPAGE_BPS = default, most
    assert [message.id for message in slippage_limits_make_sense()] == ["orders.E002"]


def test_a_start_with_an_open_door_is_refused(settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED, settings.HOST = True, "0.0.0.0"
    with pytest.raises(SystemCheckError, match=r"orders\.E001"):
        call_command("check")
