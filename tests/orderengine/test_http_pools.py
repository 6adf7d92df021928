"""Requests that take long share few threads: those that hash passwords, those that wait for the chain."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from orderengine.http_handler import SlowPool


def most_at_once(path: str) -> int | None:
    """How many requests for the path may be under work or wait; None for no bound of its own."""
    pools = (SlowPool(*pool) for pool in settings.HTTP_POOLS)
    return next((pool.most for pool in pools if pool.pattern.fullmatch(path)), None)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("admin:login", ()),
        ("admin:password_change", ()),
        ("admin:auth_user_add", ()),
        ("admin:auth_user_password_change", (7,)),
        ("admin:auth_user_password_change", (1_234_567,)),
    ],
)
def test_pages_that_hash_a_password_have_a_bound(name: str, arguments: tuple[int, ...]) -> None:
    path = reverse(name, args=arguments)
    assert most_at_once(path) == most_at_once(path.removesuffix("/")) == 10


@pytest.mark.parametrize("path", ["/api/quotes", "/api/tokens/", "/api/tokens/SOL/report", "/health"])
def test_reads_that_wait_for_the_chain_have_a_bound(path: str) -> None:
    assert most_at_once(path) == 32


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/health/live",
        "/api/orders/execute",
        "/admin/",
        "/admin/auth/user/",
        "/admin/auth/user/7/change/",
    ],
)
def test_other_requests_have_none_of_their_own(path: str) -> None:
    assert most_at_once(path) is None
