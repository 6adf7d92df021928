"""Pages of other origins, which a browser lets call the API only as far as these headers say."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import UserFactory
from tests.orders.rest import bearer, place

pytestmark = pytest.mark.django_db
PAGE = "https://app.example.com"


@pytest.fixture(autouse=True)
def _one_page_may(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PAGE]


def preflight(client: Client, origin: str) -> Any:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    return client.options("/api/orders/execute", headers={"Origin": origin} | wanted)


def test_a_listed_page_may_send_every_header_that_the_api_reads(client: Client) -> None:
    answer = preflight(client, PAGE)

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, PAGE)
    allowed = set(answer["Access-Control-Allow-Headers"].split(", "))
    assert allowed == {"authorization", "content-type", "idempotency-key", "x-request-id"}
    assert "Access-Control-Allow-Credentials" not in answer


def test_a_listed_page_may_read_every_header_that_the_api_answers_with(client: Client) -> None:
    answer = place(client, **bearer(UserFactory()), Origin=PAGE)

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (201, PAGE)
    assert (
        answer["Access-Control-Expose-Headers"] == "Location, Idempotent-Replayed, Retry-After, X-Request-ID"
    )


def test_any_other_page_is_told_nothing(client: Client) -> None:
    answer = preflight(client, "https://elsewhere.example.com")

    assert [name for name in answer.headers if name.startswith("Access-Control")] == []
