"""Whether a signed transaction is absent for good, by what nodes say of it.

`SolanaRpc.observe` asks, `DeadCheck` judges whether a transaction can still land, `absent_since` whether one
that had landed is gone. Every rule here is about one thing: a node that finds nothing must have been able to
find it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from dex.errors import WrongNetwork
from dex.rpc.answers import ChainHeight, SignatureStatus, SignatureStatuses, read_integer, read_text, reading
from dex.rpc.jsonrpc import Reply, RpcClient, call

# Blocks beyond the last valid one: forks and lagging nodes may still disagree about the height.
EXPIRY_MARGIN_BLOCKS: Final = 10
# Slots between the two looks that find nothing. A node's own fork decides what it finds: by then one that
# had followed a losing fork has left it, as a block with 31 others on top is final.
APART_SLOTS: Final = 32
# solana-clock MAX_PROCESSING_AGE.
BLOCKHASH_LIFE_BLOCKS: Final = 150
# Slots that any node remembers, some two hours. Beyond them it must show that its ledger reaches back.
REMEMBERED_SLOTS: Final = 18_000
# Slots without a block are a few in a hundred; to be sure, every second one is taken to be without.
_SLOTS_A_BLOCK: Final = 2

_SETTLED: Final = frozenset({"confirmed", "finalized"})


@dataclass(frozen=True, slots=True)
class Observation:
    """What one node says: its confirmed height, then, asked afterwards, the statuses it finds in its history.

    ``statuses`` is None where the height made the question pointless; ``first_slot`` is the oldest that the
    node's ledger has, None where it does not say.
    """

    genesis_hash: str
    height: ChainHeight
    first_slot: int | None
    statuses: SignatureStatuses | None

    def status(self, index: int) -> SignatureStatus | None:
        """The status at ``index``, None also where it was not asked for."""
        return self.statuses.statuses[index] if self.statuses else None

    def remembers(self, slot: int) -> bool:
        """Whether the node would find what landed in ``slot``: that is recent, or its ledger reaches back."""
        recent = self.height.slot - slot <= REMEMBERED_SLOTS
        return recent or (self.first_slot is not None and self.first_slot <= slot)


class AbsenceCalls(ABC):
    """Part of `SolanaRpc`; raises what that raises."""

    _rpc: RpcClient

    @abstractmethod
    def _config(self, min_context_slot: int | None = None) -> dict[str, object]: ...

    @abstractmethod
    async def signature_statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> SignatureStatuses: ...

    @abstractmethod
    async def genesis_hash(self) -> str: ...

    async def height(self, min_context_slot: int | None = None) -> ChainHeight:
        """Block height and slot of one confirmed block.

        In one call: behind one address may be several nodes, and the height of one with the slot of another
        would belong together in no block.
        """
        result = await self._rpc.call("getEpochInfo", self._config(min_context_slot))
        return _read_height(result)

    async def observe(self, signatures: Sequence[str], *, past: int) -> list[Observation]:
        """What the node knows of ``signatures``, once its height is more than ``past``.

        Raises WrongNetwork when another network answers in between: what one finds of the other's
        transactions means nothing.
        """
        genesis, info, first = await self._rpc.batch(
            [call("getGenesisHash"), call("getEpochInfo", self._config()), call("getFirstAvailableBlock")]
        )
        with reading("getGenesisHash"):
            network = read_text(genesis.value())
        height = _read_height(info.value())
        statuses = None
        if height.block_height > past:
            statuses = await self.signature_statuses(signatures, search_history=True)
            if await self.genesis_hash() != network:
                raise WrongNetwork("two networks answer at one address")
        return [Observation(network, height, _read_first_slot(first), statuses)]


def _read_height(result: Any) -> ChainHeight:
    with reading("getEpochInfo"):
        return ChainHeight(read_integer(result["blockHeight"]), read_integer(result["absoluteSlot"]))


def _read_first_slot(reply: Reply) -> int | None:
    # Some hosts do not offer the method: it only matters for what is old.
    if reply.fault is not None:
        return None
    with reading("getFirstAvailableBlock"):
        return read_integer(reply.result)


class Fate(StrEnum):
    """What may still become of a signed transaction.

    FORGOTTEN: no node finds it, and none remembers the time in which it could have landed.
    """

    MAY_LAND = "may_land"
    LANDED = "landed"
    FORGOTTEN = "forgotten"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeadCheck:
    """Collects the proof that a transaction can never land any more; each look gives a new value.

    The proof: every node that answers has told a confirmed height past the last valid one by a margin, and
    asked after that, at no older slot and with its history searched, finds no status; and the same again
    `APART_SLOTS` later. A status asked for before the height was past proves nothing: the transaction could
    have landed in between. Nor does that of a node which lags, or has pruned what it would have to remember.
    """

    last_valid_block_height: int
    margin: int = EXPIRY_MARGIN_BLOCKS
    missing_at_slot: int | None = None
    fate: Fate = Fate.MAY_LAND

    @property
    def past(self) -> int:
        """A node whose height is not more than this cannot contribute to the proof."""
        return self.last_valid_block_height + self.margin

    def observe(self, seen: Sequence[Observation], index: int = 0) -> DeadCheck:
        """Take note of what nodes say of the signature at ``index``."""
        if self.fate is Fate.DEAD:
            return self
        found = [status for one in seen if (status := one.status(index)) is not None]
        if found:
            # A block that is only processed may still be dropped with its fork, and the status with it.
            landed = any(status.commitment in _SETTLED for status in found)
            fate = Fate.LANDED if landed else Fate.MAY_LAND
            return replace(self, missing_at_slot=None, fate=fate)
        slots = [self._absent_at(one) for one in seen if self._could_know(one)]
        if not slots:
            fate = Fate.FORGOTTEN if seen else Fate.MAY_LAND
            return replace(self, missing_at_slot=None, fate=fate)
        return self._missing_at([slot for slot in slots if slot is not None], len(slots))

    def _missing_at(self, slots: Sequence[int], asked: int) -> DeadCheck:
        if len(slots) < asked:
            return replace(self, fate=Fate.MAY_LAND)
        slot = min(slots)
        if self.missing_at_slot is None:
            return replace(self, missing_at_slot=slot, fate=Fate.MAY_LAND)
        dead = slot >= self.missing_at_slot + APART_SLOTS
        return replace(self, fate=Fate.DEAD if dead else Fate.MAY_LAND)

    def _absent_at(self, one: Observation) -> int | None:
        """The slot at which the node would have found it, had it landed; None while it cannot say."""
        if one.statuses is None or not one.statuses.searched_history:
            return None
        if one.height.block_height <= self.past or one.statuses.slot < one.height.slot:
            return None
        return one.statuses.slot

    def _could_know(self, one: Observation) -> bool:
        age = one.height.block_height - (self.last_valid_block_height - BLOCKHASH_LIFE_BLOCKS)
        return one.remembers(max(0, one.height.slot - _SLOTS_A_BLOCK * age))


def absent_since(seen: Sequence[Observation], slot: int, index: int = 0) -> bool | None:
    """Whether the transaction that had landed in ``slot`` is gone; None when no node can remember it."""
    if not seen or any(one.status(index) is not None for one in seen):
        return False
    remembering = [one for one in seen if one.remembers(slot)]
    if not remembering:
        return None
    return all(one.statuses is not None and one.statuses.slot > slot for one in remembering)
