"""Jito beside the nodes, by the settings."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from dex.rpc.jito import LEAST_TIP, MOST_TIP, TIP_ACCOUNTS, JitoRelay, tip_account
from dex.transactions.swap_plan import Tip
from orders.gateway.connection import count_request

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def relay_config_errors() -> Sequence[str]:
    """What is wrong with the settings of Jito, in words."""
    if not settings.JITO_URL:
        return ["JITO_TIP_LAMPORTS is set without JITO_URL"] if settings.JITO_TIP_LAMPORTS else []
    url = urlsplit(settings.JITO_URL)
    if not (url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)):
        return [
            "JITO_URL begins with https://: anyone who reads a transaction on its way can trade before it"
        ]
    most = min(MOST_TIP, settings.MAX_TIP_LAMPORTS)
    if not LEAST_TIP <= settings.JITO_TIP_LAMPORTS <= most:
        return [f"JITO_URL needs JITO_TIP_LAMPORTS from {LEAST_TIP} to {most}"]
    return []


def tip_accounts() -> list[str]:
    """Where tips go."""
    return [str(account) for account in TIP_ACCOUNTS]


def tip(memo: str) -> Tip | None:
    """What the transaction with this memo tips; None without Jito."""
    return Tip(tip_account(memo), settings.JITO_TIP_LAMPORTS) if settings.JITO_URL else None


def send_soon(raws: Sequence[bytes]) -> None:
    """Hand the bytes to Jito where it is set up; on the loop of the connection."""
    if settings.JITO_URL:
        _relay(settings.JITO_URL, os.getpid()).send_soon(raws)


@functools.lru_cache(maxsize=2)
def _relay(url: str, _pid: int) -> JitoRelay:
    return JitoRelay(url, observer=count_request)
