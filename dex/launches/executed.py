"""The instructions that a landed transaction executed, outer and inner, as one list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction


@dataclass(frozen=True, slots=True)
class Executed:
    """One instruction: program, accounts in their order, data."""

    program: Pubkey
    accounts: tuple[Pubkey, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Inner:
    """An instruction that the outer one with this index called, at whatever depth."""

    outer: int
    instruction: Executed


def executed_in(
    transaction: VersionedTransaction, inner: Iterable[Inner], loaded: Sequence[Pubkey] = ()
) -> Iterator[Executed]:
    """Each outer instruction and then those that it called.

    ``loaded`` are the addresses from lookup tables, writable ones first, as ``meta.loadedAddresses`` has
    them. An account that is in neither is left out with its instruction: it cannot be read.
    """
    called = {
        outer: [each.instruction for each in group]
        for outer, group in groupby(sorted(inner, key=lambda each: each.outer), key=lambda each: each.outer)
    }
    message = transaction.message
    keys = [*message.account_keys, *loaded]
    for number, compiled in enumerate(message.instructions):
        indices = (compiled.program_id_index, *compiled.accounts)
        if max(indices) < len(keys):
            program, *accounts = (keys[index] for index in indices)
            yield Executed(program, tuple(accounts), bytes(compiled.data))
        yield from called.get(number, ())
