"""Pools that the settings name: POOLS, and the file of POOLS_FILE with an address a line."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from orders.gateway.kept_mints import is_address

logger = logging.getLogger(__name__)

# Each is read at start, and kept however small it is.
_MOST: Final = 1_000


def pinned_pools() -> list[Pubkey]:
    """All of them, each once. A file that cannot be read now is logged: `manage.py check` refuses it."""
    for fault in pool_config_errors():
        logger.error("%s", fault)
    texts, _ = _of_file()
    named = dict.fromkeys([*settings.POOLS, *texts])
    return [Pubkey.from_string(text) for text in named if is_address(text)][:_MOST]


def pool_config_errors() -> list[str]:
    """What is wrong with POOLS and POOLS_FILE, in words."""
    texts, faults = _of_file()
    faults += [f"POOLS: {text} is no address" for text in settings.POOLS if not is_address(text)]
    if len(settings.POOLS) + len(texts) > _MOST:
        faults.append(f"POOLS and POOLS_FILE name more than {_MOST} pools")
    return faults


def _of_file() -> tuple[list[str], list[str]]:
    """The addresses of the file, and what is wrong with it. Words behind # are for people."""
    if not settings.POOLS_FILE:
        return [], []
    try:
        lines = Path(settings.POOLS_FILE).read_text().splitlines()
    except (OSError, ValueError) as error:
        return [], [f"POOLS_FILE: {settings.POOLS_FILE} cannot be read: {type(error).__name__}"]
    stated = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1)]
    found = [(number, text) for number, text in stated if text]
    wrong = [f"POOLS_FILE: line {number} is no address" for number, text in found if not is_address(text)]
    return [text for _, text in found if is_address(text)], wrong
