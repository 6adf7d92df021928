"""Fixtures of the order's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.access.permissions import let_trade
from tests.orders.chain import TestChain, running_chain, use_chain


@pytest.fixture
def user(db: None) -> User:
    """Somebody who places orders."""
    trader = User.objects.create(username="trader")
    let_trade(trader)
    return trader


@pytest.fixture
def chain(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    """A chain of this test alone, which the gateway's settings point at."""
    with running_chain(tmp_path_factory.mktemp("chain")) as running:
        use_chain(settings, running)
        yield running


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """Somebody with every permission, signed in."""
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def clerk(client: Client, db: None) -> Client:
    """Staff without any permission, signed in."""
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    return client
