"""One address with two nodes behind it: some methods go to the one, the rest to the other.

While ``drips`` is set, answers come in byte by byte and never end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx2

from tests.node_stand_in import NodeStandIn


class BalancedNode(NodeStandIn):
    """Calls of ``to_first`` go to the first node. It splits batches, as hosts of many nodes do."""

    def __init__(self, first: str, other: str, to_first: Collection[str]) -> None:
        self._first, self._other = first, other
        self.to_first = frozenset(to_first)
        self.drips = False
        self._closing = threading.Event()
        super().__init__()

    def close(self) -> None:
        self._closing.set()
        super().close()

    def reply(self, body: Any) -> Any:
        return [self.answer(call) for call in body] if isinstance(body, list) else self.answer(body)

    def answer(self, call: dict[str, Any]) -> Any:
        """What the node says that this call goes to."""
        target = self._first if call["method"] in self.to_first else self._other
        return httpx2.post(target, json=call, timeout=30).json()

    def takes_over(self, write: Callable[[bytes], object]) -> bool:
        """Drip: an answer that gives no reason to give up before the next byte."""
        if not self.drips:
            return False
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with suppress(OSError):
            while self.drips and not self._closing.wait(0.05):
                write(b" ")
        return True


@contextmanager
def balanced_node(first: str, other: str, to_first: Collection[str]) -> Iterator[BalancedNode]:
    """A balancer in front of two nodes."""
    node = BalancedNode(first, other, to_first)
    try:
        yield node
    finally:
        node.close()
