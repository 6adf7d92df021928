"""Faults of the server are answered in the one error shape, without inner text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from orders.wire.errors import as_order_error, known_codes
from tests.orders.rest import FIVE_SOL, place, refused

pytestmark = pytest.mark.django_db


def test_a_fault_of_the_server_gives_a_request_id_and_no_inner_text() -> None:
    for fault in (RuntimeError("secret"), IntegrityError("secret"), KeyError("secret")):
        wire = as_order_error(fault).as_wire()
        assert (wire["code"], list(wire["details"])) == ("INTERNAL", ["requestId"])
        assert "secret" not in json.dumps(wire)


def test_a_fault_in_a_view_is_answered_in_the_same_shape(client: Client, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("orders.api.order_views.place_order", broken)
    client.raise_request_exception = False
    body = refused(place(client, FIVE_SOL), 500, "INTERNAL", "requestId")
    assert len(body["details"]["requestId"]) == 32


def test_a_database_that_does_not_answer_is_worth_another_try(client: Client, monkeypatch: Any) -> None:
    def down(*_: Any) -> None:
        raise OperationalError("secret")

    monkeypatch.setattr("orders.api.order_views.place_order", down)
    body = refused(place(client, FIVE_SOL), 503, "DATABASE_UNAVAILABLE")
    assert body["retryable"] is True


def test_every_code_is_listed_once_and_in_capitals() -> None:
    codes = known_codes()
    assert {"INVALID_AMOUNT", "NOT_FOUND", "INTERNAL", "TOO_MANY_REQUESTS"} <= set(codes)
    assert all(code == code.upper() for code in codes)
