"""Signing in: failures are counted, noted and locked; many at once hold up nobody else."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.test import Client
from knox.models import AuthToken

from orders.models import AuditEntry
from tests.factories import UserFactory
from tests.orders.http_line import http_line

LOGIN = "/admin/login/"
FIVE_SOL = b'{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"5"}'


def sign_in(client: Client, name: str, password: str, address: str = "10.0.0.1") -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address)


@pytest.mark.django_db
def test_a_name_is_locked_for_an_address_after_failures(client: Client, settings: Any) -> None:
    User.objects.create_superuser("boss", password="right")
    codes = [sign_in(client, "boss", "wrong").status_code for _ in range(configured.AXES_FAILURE_LIMIT)]
    assert codes[:-1] == [200] * (configured.AXES_FAILURE_LIMIT - 1)
    locked = sign_in(client, "boss", "right")
    assert (codes[-1], locked.status_code) == (429, 429)
    assert locked.json()["code"] == "TOO_MANY_REQUESTS"
    # Nobody locks the owner of a name out from elsewhere.
    assert sign_in(client, "boss", "right", "10.0.0.2").status_code == 302


@pytest.mark.django_db
def test_each_try_to_sign_in_is_in_the_audit_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    User.objects.create_superuser("boss", password="right-Secret")
    sign_in(client, "boss", "wrong-Secret")
    sign_in(client, "boss", "right-Secret")
    entries = list(AuditEntry.objects.order_by("at").values_list("actor", "origin", "action"))
    assert entries == [("boss", "10.0.0.1", "sign-in failed"), ("boss", "10.0.0.1", "signed in")]
    assert "sign-in failed: boss from 10.0.0.1" in caplog.text
    assert "Secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_many_sign_ins_at_once_hold_up_no_order(tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {AuthToken.objects.create(UserFactory())[1]}"}
    headers |= {"Content-Type": "application/json"}
    count = 40
    with http_line(tmp_path, LOG_LEVEL="CRITICAL") as web, ThreadPoolExecutor(count) as clients:
        web.call("POST", "/api/orders/execute", headers, FIVE_SOL)
        cookie = web.call("GET", LOGIN).headers["set-cookie"].partition(";")[0]
        token = cookie.partition("=")[2]
        form = f"username=boss&password=wrong&csrfmiddlewaretoken={token}".encode()
        kind = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        asked = [clients.submit(web.call, "POST", LOGIN, kind, form) for _ in range(count)]
        started = time.monotonic()
        placed = web.call("POST", "/api/orders/execute", headers, FIVE_SOL)
        took = time.monotonic() - started
        answers = [one.result(60) for one in asked]
    assert placed.status == 201
    assert took < 2
    refused = [one for one in answers if one.status != 200]
    assert {(one.status, json.loads(one.body)["code"]) for one in refused} == {(429, "TOO_MANY_REQUESTS")}
    assert len(refused) >= 1
