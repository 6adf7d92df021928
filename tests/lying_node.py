"""A node in front of another one that tells of some methods what a test wants it to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.node_stand_in import NodeStandIn

# From the true result of a call to the one that is told.
Lie = Callable[[Any], Any]


class LyingNode(NodeStandIn):
    """In front of the localnet at ``target``; ``lies`` by method."""

    def __init__(self, target: str, lies: dict[str, Lie]) -> None:
        self._target = target
        self.lies = lies
        super().__init__()

    def reply(self, body: Any) -> Any:
        calls = body if isinstance(body, list) else [body]
        posted = httpx2.post(self._target, json=calls, timeout=30)
        answers = {answer["id"]: answer for answer in posted.json()}
        told = [self._told(call, answers[call["id"]]) for call in calls]
        return told if isinstance(body, list) else told[0]

    def _told(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        lie = self.lies.get(call["method"])
        if lie is None or "result" not in answer:
            return answer
        return answer | {"result": lie(answer["result"])}


@contextmanager
def lying_node(target: str, **lies: Lie) -> Iterator[LyingNode]:
    """A node that lies about the methods that are named."""
    node = LyingNode(target, dict(lies))
    try:
        yield node
    finally:
        node.close()
