"""The nodes of one network: which of them are well, and how they are asked as if they were one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from dex.config import is_of_network
from dex.errors import ChainError, ChainRefused, ChainUnreachable, WrongNetwork
from dex.rpc.jsonrpc import Call, JsonRpcClient, Reply, call
from dex.rpc.node import Commitment, SolanaRpc
from dex.rpc.observing import Observer, node_name

# A node that is tired of these still answers the others.
_THROTTLED_FOR_THEMSELVES: Final = frozenset({"getProgramAccounts", "requestAirdrop"})
_PROBE_SECONDS: Final = 2
_LEFT_SECONDS: Final = 2
_LEFT_AT_MOST_SECONDS: Final = 30


class NodeState(StrEnum):
    """How a node stands: only OK ones are asked while there is one."""

    OK = "ok"
    LAGGING = "lagging"
    FAILING = "failing"
    WRONG_NETWORK = "wrong network"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node by host, never by its whole URL; slots behind the best node, None until one was seen."""

    name: str
    state: NodeState
    slot: int | None
    slots_behind: int | None


@dataclass(slots=True)
class Node:
    """One node and what is known of it; ``left_until`` is monotonic seconds, ``fits`` None until asked.

    ``genesis_hash`` is of the network that it was found to be of.
    """

    name: str
    client: JsonRpcClient
    rpc: SolanaRpc
    slot: int | None = None
    failures: int = 0
    left_until: float = 0
    fits: bool | None = None
    genesis_hash: str = ""

    def note_failure(self, now: float) -> None:
        """Leave the node alone for a while, longer each time."""
        self.failures += 1
        self.left_until = now + min(_LEFT_AT_MOST_SECONDS, _LEFT_SECONDS << min(self.failures - 1, 8))


class NodeSet:
    """The nodes, which of them are well, and a `JsonRpcClient`'s way of asking them."""

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        network: str,
        max_slots_behind: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.nodes = tuple(nodes)
        self._network = network
        self._max_slots_behind = max_slots_behind
        self._monotonic = monotonic
        self._probe_at = 0.0
        self._probes: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        for task in self._probes:
            task.cancel()
        await asyncio.gather(*(node.client.aclose() for node in self.nodes))

    async def call(self, method: str, *params: object) -> Any:
        """The result of one call; raises a ChainError."""
        [reply] = await self.batch([call(method, *params)])
        return reply.value()

    async def request(self, calls: Sequence[Call]) -> list[Reply]:
        """As `batch`."""
        return await self.batch(calls)

    async def batch(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply a call from one node, the first that gives a usable answer; raises the first's error."""
        errors: list[ChainError] = []
        tried: set[str] = set()
        for candidates in (self.candidates, self._candidates_once_looked_at):
            for node in await candidates():
                if node.name in tried:
                    continue
                tried.add(node.name)
                try:
                    return await self._ask(node, calls)
                except ChainError as error:
                    errors.append(error)
        raise errors[0]

    async def candidates(self) -> list[Node]:
        """The nodes of the network, those that are well first; raises WrongNetwork or ChainUnreachable."""
        self.look_again()
        while self._probes and not self._one_fits():
            await asyncio.wait(set(self._probes), return_when=asyncio.FIRST_COMPLETED)
        fitting = [node for node in self.nodes if node.fits]
        if fitting:
            return sorted(fitting, key=lambda node: self.state(node) is not NodeState.OK)
        foreign = [node.name for node in self.nodes if node.fits is False]
        if foreign:
            raise WrongNetwork(f"{', '.join(foreign)}: the genesis hash is not of {self._network}")
        raise ChainUnreachable("no node gives a usable answer")

    async def _candidates_once_looked_at(self) -> list[Node]:
        # At the start one node may be known before the others are: its first error is not the last word.
        if self._probes and any(node.fits is None for node in self.nodes):
            await asyncio.wait(set(self._probes))
        return await self.candidates()

    async def well(self) -> list[Node]:
        """The nodes that are well, or else all of the network; raises as `candidates`."""
        nodes = await self.candidates()
        return [node for node in nodes if self.state(node) is NodeState.OK] or nodes

    def look_again(self) -> None:
        """Look at the nodes in the background, if that was some seconds ago."""
        now = self._monotonic()
        if self._probes or (now < self._probe_at and self._one_fits()):
            return
        self._probe_at = now + _PROBE_SECONDS
        due = [node for node in self.nodes if self._is_due(node, now)]
        self._probes = {asyncio.create_task(self._look_at(node)) for node in due}
        for task in self._probes:
            task.add_done_callback(self._probes.discard)

    def state(self, node: Node) -> NodeState:
        """How ``node`` stands now."""
        if node.fits is False:
            return NodeState.WRONG_NETWORK
        if node.left_until > self._monotonic():
            return NodeState.FAILING
        if node.fits is None:
            return NodeState.UNKNOWN
        behind = self._slots_behind(node)
        return NodeState.LAGGING if behind is not None and behind > self._max_slots_behind else NodeState.OK

    def reports(self) -> list[NodeReport]:
        """How every node stands, in the order given."""
        return [
            NodeReport(node.name, self.state(node), node.slot, self._slots_behind(node))
            for node in self.nodes
        ]

    def note_failure(self, node: Node) -> None:
        """Leave ``node`` alone for a while."""
        node.note_failure(self._monotonic())

    def _one_fits(self) -> bool:
        return any(node.fits for node in self.nodes)

    def _slots_behind(self, node: Node) -> int | None:
        slots = [other.slot for other in self.nodes if other.slot is not None and other.fits]
        return None if node.slot is None or not slots else max(0, max(slots) - node.slot)

    def _is_due(self, node: Node, now: float) -> bool:
        # Alone, a node needs no comparison: it is looked at until its network is known.
        return node.left_until <= now and (node.fits is None or (len(self.nodes) > 1 and node.fits))

    async def _look_at(self, node: Node) -> None:
        try:
            if node.fits is None:
                node.genesis_hash = await node.rpc.genesis_hash()
                node.fits = is_of_network(node.genesis_hash, self._network)
            if len(self.nodes) > 1:
                node.slot = await node.rpc.slot()
        except ChainError:
            # Alone, it is asked again at once: there is no other that could answer instead.
            if len(self.nodes) > 1:
                self.note_failure(node)

    async def _ask(self, node: Node, calls: Sequence[Call]) -> list[Reply]:
        try:
            replies = await node.client.batch(calls)
            for reply in replies:
                if reply.fault is not None and reply.fault.is_busy:
                    reply.value()
        except ChainRefused:
            raise
        except ChainError:
            if calls[0].method not in _THROTTLED_FOR_THEMSELVES:
                self.note_failure(node)
            raise
        node.failures = 0
        return replies


def node_names(urls: Sequence[str]) -> list[str]:
    """What nodes are called in logs and answers: host and port, as paths and arguments may hold keys."""
    names: list[str] = []
    for url in urls:
        name = node_name(url)
        same = sum(node_name(other) == name for other in urls[: len(names)])
        names.append(f"{name}#{same + 1}" if same else name)
    return names


def make_node(
    name: str, url: str, commitment: Commitment, timeout_seconds: int, observer: Observer | None
) -> Node:
    """A node that nothing is known of yet; ``name`` is what logs and answers call it."""
    rpc = SolanaRpc(url, commitment=commitment, timeout_seconds=timeout_seconds, observer=observer)
    return Node(name, rpc.client, rpc)
