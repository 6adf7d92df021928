"""Fixtures of the order's tests."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User


@pytest.fixture
def user(db: None) -> User:
    """Somebody who places orders."""
    return User.objects.create(username="trader")
