"""Types of arguments that commands share: basis points, lengths of time, moments."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from orders.client.remote import EngineRefused

NEVER: Final = "never"
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhd])")


def refused(why: str) -> EngineRefused:
    """That arguments do not go together, said before the engine is asked."""
    return EngineRefused("INVALID_REQUEST", why)


def basis_points(text: str) -> int:
    """A whole number of basis points as an argument."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of basis points")
    return int(text)


def seconds(text: str) -> int:
    """A length of time as an argument: whole seconds, or 30m, 12h, 7d."""
    span = _SPAN.fullmatch(text if text[-1:].isalpha() else f"{text}s")
    if span is None:
        raise argparse.ArgumentTypeError(f"{text} is neither a number of seconds nor 30m, 12h, 7d")
    return int(timedelta(**{_UNITS[span[2]]: int(span[1])}).total_seconds())


def moment(text: str) -> str:
    """A moment as the API takes it, from one with a zone or from a span beginning now."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        ahead = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return (datetime.now(UTC) + ahead).isoformat(timespec="milliseconds")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} is neither 90s, 30m, 12h, 7d nor a moment with its zone")
    return at.isoformat()


def moment_or_never(text: str) -> str:
    """A moment, or the word that takes one away."""
    return NEVER if text == NEVER else moment(text)
