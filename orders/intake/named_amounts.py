"""Amounts that are refused by the name of their field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orders.errors import InvalidAmount


def named(field: str, read: Callable[..., int], *values: Any) -> int:
    """What ``read`` makes of ``values``; its InvalidAmount names ``field``."""
    try:
        return read(*values)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, **{field: error.message}) from None
