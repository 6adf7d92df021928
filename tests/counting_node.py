"""A node that passes every request on to a localnet, and writes down what each one asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.node_stand_in import NodeStandIn


class CountingNode(NodeStandIn):
    """In front of the localnet at ``target``."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._asked: list[frozenset[str]] = []
        super().__init__()

    def taken(self) -> list[frozenset[str]]:
        """The methods of each request since this was last asked, in their order."""
        with self._lock:
            asked, self._asked = self._asked, []
        return asked

    def reply(self, body: Any) -> Any:
        calls = body if isinstance(body, list) else [body]
        with self._lock:
            self._asked.append(frozenset(call["method"] for call in calls))
        return httpx2.post(self._target, json=body, timeout=30).json()


@contextmanager
def counting_node(target: str) -> Iterator[CountingNode]:
    """A counting node in front of one that runs."""
    node = CountingNode(target)
    try:
        yield node
    finally:
        node.close()
