"""Commands that spend ask first where it is real money."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from django.core.management import CommandError

REAL_MONEY: Final = "mainnet-beta"


def require_yes(
    network: str,
    what: str,
    *,
    yes: bool,
    ask: Callable[[str], str] = input,
    at_a_terminal: bool | None = None,
) -> None:
    """Return when ``network`` is one of play money, or somebody has agreed to ``what``.

    Raises CommandError for another answer than ``yes``, and where there is no terminal to ask at.
    """
    if network != REAL_MONEY or yes:
        return
    if not (sys.stdin.isatty() if at_a_terminal is None else at_a_terminal):
        raise CommandError(f"{network} is real money: give --yes to {what}", returncode=2)
    if ask(f"{network} is REAL MONEY. Type yes to {what}: ").strip() != "yes":
        raise CommandError("nothing was done", returncode=2)
