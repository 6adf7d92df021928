"""Fixtures of the order's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.orders.chain import TestChain, running_chain


@pytest.fixture
def user(db: None) -> User:
    """Somebody who places orders."""
    return User.objects.create(username="trader")


@pytest.fixture
def chain(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    """A chain of this test alone, which the gateway's settings point at."""
    with running_chain(tmp_path_factory.mktemp("chain")) as running:
        settings.SOLANA_RPC_URL = running.url
        settings.SOLANA_NETWORK = "localnet"
        settings.WALLET_ADDRESS = str(running.wallet.pubkey())
        settings.WALLET_KEYPAIR = str(running.key_file)
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
