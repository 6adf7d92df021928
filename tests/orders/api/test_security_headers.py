"""Headers that every answer carries, whatever it is."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DATA = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/admin/", "/admin/login/", "/api/docs/", "/api/docs/?script=", "/api/schema/", "/api/orders"),
        *("/api/nothing", "/nothing", "/health", "/metrics", "/static/orders/icon.svg"),
    ],
)
def test_every_answer_keeps_browsers_from_guessing_and_framing(client: Client, path: str) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    answer = client.get(path)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/orders", "/api/nothing", "/health", "/metrics", "/api/schema/"])
def test_data_may_load_and_run_nothing(client: Client, path: str) -> None:
    assert client.get(path)["Content-Security-Policy"] == DATA


def test_the_docs_hold_themselves_to_this_servers_files(client: Client) -> None:
    answer = client.get("/api/docs/")
    policy = answer["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    # Each script is a file from here, and none stands in the page.
    scripts = re.findall(rb"<script([^>]*)>(.*?)</script>", answer.content, re.DOTALL)
    assert len(scripts) == 3
    for attributes, inline in scripts:
        assert b'src="/' in attributes
        assert inline.strip() == b""
