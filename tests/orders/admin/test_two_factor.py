"""The second factor of staff: asked for where an authenticator is set up, or where the settings ask."""

from __future__ import annotations

from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from orders.models import AuditEntry
from tests.orders.admin.test_sign_in import LOGIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password="right")


def set_up(user: User) -> str:
    output = StringIO()
    call_command("two_factor", user.username, stdout=output, stderr=StringIO())
    return output.getvalue().strip()


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    totp = TOTP(device.bin_key)
    return f"{totp.token():06}"


def sign_in(client: Client, code: str = "", password: str = "right") -> int:
    body = {"username": "boss", "password": password, "code": code}
    return client.post(LOGIN, body, REMOTE_ADDR="10.0.0.1").status_code


def test_without_an_authenticator_the_password_is_enough(boss: User, client: Client) -> None:
    assert sign_in(client) == 302
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("code", ["", "000000", "abc", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_with_one_a_wrong_code_signs_nobody_in(boss: User, client: Client, code: str) -> None:
    set_up(boss)
    assert sign_in(client, code) == 200
    assert client.get("/admin/").status_code == 302
    assert AuditEntry.objects.filter(action="sign-in failed", actor="boss").count() == 1


def test_the_right_code_signs_in_and_works_once(boss: User, client: Client) -> None:
    set_up(boss)
    code = code_of(boss)
    assert sign_in(client, code) == 302
    assert client.get("/admin/").status_code == 200
    assert sign_in(Client(), code) == 200


def test_a_wrong_code_says_no_more_than_a_wrong_password(boss: User, client: Client) -> None:
    set_up(boss)
    answers = [
        client.post(LOGIN, {"username": "boss", "password": password}, REMOTE_ADDR=address)
        .context["form"]
        .non_field_errors()
        for password, address in (("wrong", "10.0.0.1"), ("right", "10.0.0.2"))
    ]
    assert answers[0] == answers[1]


def test_wrong_codes_lock_a_name_for_an_address(boss: User, client: Client, settings: Any) -> None:
    set_up(boss)
    tries = [sign_in(client) for _ in range(settings.AXES_FAILURE_LIMIT + 1)]
    assert tries[-1] == 429


def test_a_session_from_before_the_authenticator_asks_again(boss: User, client: Client) -> None:
    client.force_login(boss)
    assert client.get("/admin/").status_code == 200
    set_up(boss)
    assert client.get("/admin/").status_code == 302


def test_where_it_is_required_none_enters_without(boss: User, client: Client, settings: Any) -> None:
    settings.STAFF_TWO_FACTOR_REQUIRED = True
    sign_in(client)
    assert client.get("/admin/").status_code == 302
    set_up(boss)
    assert sign_in(client, code_of(boss)) == 302
    assert client.get("/admin/").status_code == 200


def test_the_command_shows_the_key_once_and_notes_it(boss: User) -> None:
    uri = urlsplit(set_up(boss))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert len(parse_qs(uri.query)["secret"][0]) == 32
    call_command("two_factor", "boss", "--remove")
    assert not TOTPDevice.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["authenticator set up", "authenticator removed"]
    with pytest.raises(CommandError, match="boss has no authenticator"):
        call_command("two_factor", "boss", "--remove")


def test_the_admin_shows_no_keys() -> None:
    assert not admin.site.is_registered(TOTPDevice)
