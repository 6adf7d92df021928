"""Calls of the REST endpoints as tests make them."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from django.test import Client
from knox.models import AuthToken

FIVE_SOL: Final[dict[str, Any]] = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}


def place(client: Client, body: object = FIVE_SOL, **headers: str) -> Any:
    """The answer to an order; text and bytes go as they are, everything else as its JSON."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/orders/execute", text, content_type="application/json", headers=headers)


def bearer(user: Any) -> dict[str, str]:
    """The header of a fresh token of this user."""
    _row, token = AuthToken.objects.create(user)
    return {"Authorization": f"Bearer {token}"}


def path_of(url: str) -> str:
    """Path and query of an address that the API gave out."""
    parts = urlsplit(url)
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


def refused(answer: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The body of a refusal, which must have this status, this code and these details."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert body.keys() == {"code", "message", "retryable", "details"}
    assert body["message"]
    assert isinstance(body["retryable"], bool)
    if fields:
        assert sorted(body["details"]) == sorted(fields)
    assert answer["Content-Type"] == "application/json"
    return body
