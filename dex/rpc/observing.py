"""What is reported of each request to a node, for anyone who counts; not what was asked or answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """One request: ``calls`` counts its calls by method and by what came back.

    That is ``ok``, the node's own error code, or the code of the `ChainError` that the request ended in.
    ``node`` is host and port: a path or a query may hold an access key.
    """

    node: str
    method: str
    seconds: float
    calls: Counter[tuple[str, str]]


Observer = Callable[[RequestSeen], None]


def node_name(url: str) -> str:
    """Host and port of ``url``."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
