"""Amounts that are refused by the name of their field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from orders.errors import InvalidAmount

Read = TypeVar("Read")


def named(field: str, read: Callable[..., Read], *values: Any, **more: Any) -> Read:
    """What ``read`` makes of ``values``; its InvalidAmount names ``field``."""
    try:
        return read(*values, **more)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, **{field: error.message}) from None
