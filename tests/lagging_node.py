"""A node that stands still: it passes calls to a localnet, but knows nothing after the slot it stopped at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.node_stand_in import NodeStandIn


class LaggingNode(NodeStandIn):
    """In front of the localnet at ``target``; ``freeze()`` stops its slot. It swallows what is sent to it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._slot: int | None = None
        self.asked: list[str] = []
        super().__init__()

    def freeze(self) -> int:
        """Stand still from now on; the slot."""
        [answer] = self._pass_on([{"jsonrpc": "2.0", "id": 0, "method": "getSlot", "params": []}])
        self._slot = int(answer["result"])
        return self._slot

    def reply(self, body: Any) -> Any:
        answers = self.answer(body if isinstance(body, list) else [body])
        return answers if isinstance(body, list) else answers[0]

    def answer(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What this node says."""
        self.asked += [call["method"] for call in calls]
        if self._slot is None:
            return self._pass_on(calls)
        return [self._stale(call, answer) for call, answer in zip(calls, self._pass_on(calls), strict=True)]

    def _stale(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        assert self._slot is not None
        if call["method"] in ("getSlot", "getBlockHeight"):
            return answer | {"result": self._slot}
        if call["method"] == "getEpochInfo":
            return answer | {"result": {"absoluteSlot": self._slot, "blockHeight": self._slot}}
        if call["method"] == "getSignatureStatuses":
            seen = [
                status if status and status["slot"] <= self._slot else None
                for status in answer["result"]["value"]
            ]
            return answer | {"result": {"context": {"slot": self._slot}, "value": seen}}
        return answer

    def _pass_on(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        passed = [call for call in calls if self._slot is None or call["method"] != "sendTransaction"]
        answers = httpx2.post(self._target, json=passed, timeout=30).json() if passed else []
        by_id = {answer["id"]: answer for answer in answers}
        swallowed = {"code": -32005, "message": "Node is behind"}
        return [by_id.get(c["id"], {"jsonrpc": "2.0", "id": c["id"], "error": swallowed}) for c in calls]


@contextmanager
def lagging_node(target: str) -> Iterator[LaggingNode]:
    """A node that keeps up until it is frozen."""
    node = LaggingNode(target)
    try:
        yield node
    finally:
        node.close()
