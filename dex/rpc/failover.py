"""Several nodes of one network, used as one.

Reads go to the first node that is well, in the order given, and to the next one when it gives no usable
answer. What is sent goes to all that are well. A proof that a transaction is dead asks all that are well,
each for its own height and then for what it finds: one that lags never proves anything. That a transaction
has landed, and how, all that are well have to say alike: `dex.rpc.agreement`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from solders.pubkey import Pubkey

from dex.errors import ChainError, ChainRefused, WrongNetwork
from dex.rpc.absence import BLOCKHASH_LIFE_BLOCKS, Observation
from dex.rpc.agreement import agreed
from dex.rpc.answers import (
    ExecutedTransaction,
    LatestBlockhash,
    SendKind,
    SendOutcome,
    SignatureStatuses,
)
from dex.rpc.kept_accounts import KeptAccounts
from dex.rpc.node import Commitment, SolanaRpc
from dex.rpc.nodes import Node, NodeReport, NodeSet, make_node, node_names
from dex.rpc.observing import Observer
from dex.types import Snapshot

Result = TypeVar("Result")

DEFAULT_MAX_SLOTS_BEHIND: Final = 25
_ALL_TRIES_SECONDS: Final = 10


class FailoverRpc(SolanaRpc):
    """A `SolanaRpc` over one or more nodes. Belongs to the event loop that first used it."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        network: str,
        commitment: Commitment = "confirmed",
        max_slots_behind: int = DEFAULT_MAX_SLOTS_BEHIND,
        observer: Observer | None = None,
    ) -> None:
        timeout = max(2, _ALL_TRIES_SECONDS // len(urls))
        nodes = [
            make_node(name, url, commitment, timeout, observer)
            for name, url in zip(node_names(urls), urls, strict=True)
        ]
        self._nodes = NodeSet(nodes, network=network, max_slots_behind=max_slots_behind)
        self._rpc = self._nodes
        self._commitment = commitment
        self._accounts = KeptAccounts()
        self._sending: set[asyncio.Task[list[SendOutcome]]] = set()

    async def require_network(self) -> None:
        """Raise WrongNetwork unless a node is of the network; nodes of another one are never asked."""
        await self._nodes.candidates()

    async def reports(self) -> list[NodeReport]:
        """How every node stands as far as is known; waits for none."""
        self._nodes.look_again()
        return self._nodes.reports()

    async def send(self, raws: Sequence[bytes], *, skip_preflight: bool = True) -> list[SendOutcome]:
        """Send to every node that is well; the outcomes of the first that knows them.

        The others go on meanwhile: bytes that one node swallows land by another.
        """
        try:
            nodes = await self._nodes.well()
        except ChainError as error:
            return [SendOutcome(SendKind.UNKNOWN, reason=str(error))] * len(raws)
        tasks = {asyncio.create_task(self._send_to(node, raws, skip_preflight)) for node in nodes}
        self._sending |= tasks
        for task in tasks:
            task.add_done_callback(self._sending.discard)
        outcomes: list[SendOutcome] = []
        while tasks and not _is_known(outcomes):
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            outcomes = max((task.result() for task in done), key=_is_known)
        return outcomes

    async def signature_statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> SignatureStatuses:
        """What every node that is well says alike; `agreed` tells what becomes of different statuses.

        The slot is the oldest answer's: that none was found says no more than the slowest node can know.
        """
        nodes = await self._nodes.well()
        if len(nodes) == 1:
            return await super().signature_statuses(signatures, search_history=search_history)
        answers, errors = await _all_of(
            self._at(node, node.rpc.signature_statuses(signatures, search_history=search_history))
            for node in nodes
        )
        if not answers:
            raise errors[0]
        return agreed(answers, signatures)

    async def latest_blockhash(self) -> LatestBlockhash:
        """A blockhash that counts as valid for as long as any node that is well allows it to be.

        One that is told too short a life would be taken for dead, and signed again, while it can still land.
        """
        nodes = await self._nodes.well()
        latest, (heights, errors) = await asyncio.gather(
            super().latest_blockhash(), _all_of(self._at(node, node.rpc.height()) for node in nodes)
        )
        if not heights:
            raise errors[0]
        own = max(height.block_height for height in heights) + BLOCKHASH_LIFE_BLOCKS
        return replace(latest, last_valid_block_height=max(latest.last_valid_block_height, own))

    async def second_snapshot(self, addresses: Sequence[Pubkey], *, newest: bool = False) -> Snapshot | None:
        """The accounts as another node shows them than the one that is asked first, or as `newest_snapshot`.

        Their slot may be a little older. None where no other node is well, or all others have just ceased to
        be; raises ChainRefused where a node does not show them.
        """
        for node in (await self._nodes.well())[1:]:
            try:
                read = node.rpc.newest_snapshot if newest else node.rpc.snapshot
                return await self._at(node, read(addresses))
            except ChainRefused:
                raise
            except ChainError:
                continue
        return None

    async def transactions(self, signatures: Sequence[str]) -> list[ExecutedTransaction | None]:
        """Each as the first node has it: one may have pruned, or may never keep, what another one has."""
        found: list[ExecutedTransaction | None] = [None] * len(signatures)
        errors: list[ChainError] = []
        nodes = await self._nodes.well()
        for node in nodes:
            missing = [at for at, one in enumerate(found) if one is None]
            if not missing:
                break
            try:
                answers = await node.rpc.transactions([signatures[at] for at in missing])
            except ChainError as error:
                self._note(node, error)
                errors.append(error)
                continue
            for at, one in zip(missing, answers, strict=True):
                found[at] = one
        if len(errors) == len(nodes):
            raise errors[0]
        return found

    async def observe(self, signatures: Sequence[str], *, past: int) -> list[Observation]:
        """One observation of every node that is well and answers; raises the first's error when none does."""
        nodes = await self._nodes.well()
        seen, errors = await _all_of(self._observe_at(node, signatures, past) for node in nodes)
        if not seen:
            raise errors[0]
        return seen

    async def _at(self, node: Node, asked: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await asked
        except ChainError as error:
            self._note(node, error)
            raise

    async def _observe_at(self, node: Node, signatures: Sequence[str], past: int) -> Observation:
        try:
            [seen] = await node.rpc.observe(signatures, past=past)
        except ChainError as error:
            self._note(node, error)
            raise
        if seen.genesis_hash != node.genesis_hash:
            raise WrongNetwork(f"{node.name}: another network answers there than before")
        return seen

    def _note(self, node: Node, error: ChainError) -> None:
        # What a node refuses it will refuse again, and answers the rest as before.
        if not isinstance(error, ChainRefused):
            self._nodes.note_failure(node)

    async def _send_to(self, node: Node, raws: Sequence[bytes], skip_preflight: bool) -> list[SendOutcome]:
        outcomes = await node.rpc.send(raws, skip_preflight=skip_preflight)
        if not _is_known(outcomes):
            self._nodes.note_failure(node)
        return outcomes


def _is_known(outcomes: Sequence[SendOutcome]) -> bool:
    return any(outcome.kind is not SendKind.UNKNOWN for outcome in outcomes)


async def _all_of(
    asked: Iterable[Coroutine[Any, Any, Result]],
) -> tuple[list[Result], list[ChainError]]:
    """What came and what was raised, once all are through."""
    results = await asyncio.gather(*asked, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in errors:
        if not isinstance(error, ChainError):
            raise error
    found = [result for result in results if not isinstance(result, BaseException)]
    return found, [error for error in errors if isinstance(error, ChainError)]
