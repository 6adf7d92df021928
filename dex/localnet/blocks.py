"""A slot that is not finalized yet, what has happened in it, and who is notified of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.localnet.bank import Bank
from dex.localnet.execution import Execution

# Accounts that no transaction wrote (None: removed), worked out from the accounts as they are.
Change = Callable[[Bank], Mapping[Pubkey, Account | None]]


class Commitment(StrEnum):
    """How sure a caller wants to be."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


@dataclass(slots=True)
class Block:
    """A slot that is not finalized yet. ``changes`` stand with the number of executions before them."""

    slot: int
    blockhash: Hash
    block_time: int
    executions: list[Execution] = field(default_factory=list)
    changes: list[tuple[int, Change]] = field(default_factory=list)

    def in_order(self) -> Iterable[Execution | Change]:
        """Executions and changes as they happened."""
        done = 0
        for position, change in self.changes:
            yield from self.executions[done:position]
            yield change
            done = position
        yield from self.executions[done:]


class ChainListener(Protocol):
    """Notified of what happens, as it happens; subscriptions are built on it."""

    def slot_opened(self, slot: int) -> None: ...

    def transaction_processed(self, execution: Execution) -> None: ...

    def accounts_changed(self, addresses: Iterable[Pubkey], slot: int) -> None: ...

    def slot_committed(self, block: Block, commitment: Commitment) -> None: ...
