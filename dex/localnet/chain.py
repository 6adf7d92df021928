"""The chain: slots, blockhashes, statuses and commitment over the bank and the ledger.

One slot is open and takes transactions. Closing it hands it to the ledger; once written it is
confirmed; FINALITY_SLOTS later it is finalized. Block height equals slot: no slot is skipped.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.localnet.bank import Bank, Simulation
from dex.localnet.blockhashes import BLOCKHASH_LIFE, SLOT_HASHES, BlockhashWindow
from dex.localnet.blocks import Block, ChainListener, Change, Commitment
from dex.localnet.execution import Execution, TransactionRecord
from dex.localnet.ledger import Ledger, SlotRow, SlotWrite
from dex.localnet.statuses import RECENT_SLOTS, LandedStatus, StatusCache

FINALITY_SLOTS: Final = 31  # a rooted block has 31 confirmed ones on top
MOST_LAG: Final = 1_000  # slots that a lagging node can be behind
_DETAILS_IN_MEMORY: Final = 1_000


class Chain:
    """The state of the network. Not thread-safe: all calls come from the event loop's thread."""

    def __init__(self, bank: Bank, ledger: Ledger, now: Callable[[], float] = time.time) -> None:
        """Goes on from the ledger, which must have a genesis; its accounts are loaded into ``bank``."""
        self.bank = bank
        self.ledger = ledger
        self.listeners: list[ChainListener] = []
        self.genesis_hash = Hash.from_string(ledger.fact("genesis_hash") or "")
        self.transaction_count = int(ledger.fact("transaction_count") or 0)
        self._now = now
        self._statuses = StatusCache()
        self._blockhashes = BlockhashWindow(BLOCKHASH_LIFE + FINALITY_SLOTS + 2 + MOST_LAG)
        self._behind = 0
        self._history_slots = 0
        self._details: OrderedDict[str, TransactionRecord] = OrderedDict()
        self.blocks: deque[Block] = deque()
        self._resume()

    # -- time ---------------------------------------------------------------------------------

    @property
    def slot(self) -> int:
        """The open slot (commitment processed)."""
        return self.blocks[-1].slot

    def slot_at(self, commitment: Commitment) -> int:
        """The newest slot with at least this commitment, as a reader knows it that may be behind."""
        newest = {
            Commitment.PROCESSED: self.slot,
            Commitment.CONFIRMED: self.confirmed_slot,
            Commitment.FINALIZED: self.finalized_slot,
        }[commitment]
        if not self._behind:
            return newest
        return min(newest, max(newest - self._behind, self.bank.accounts.oldest_slot()))

    @contextmanager
    def read_behind(self, slots: int) -> Iterator[None]:
        """Meanwhile reads see what a node ``slots`` behind knows; it stands still until there is history."""
        self._behind = slots
        try:
            yield
        finally:
            self._behind = 0

    def keep_history(self, slots: int) -> None:
        """Keeps so many finalized slots readable from now on, or more if that was asked for before."""
        self._history_slots = max(self._history_slots, slots)

    def close_slot(self) -> None:
        """Closes the open slot and opens the next one; the closed block still has to be confirmed."""
        self._open(self.slot + 1)

    def next_to_confirm(self) -> Block | None:
        """The oldest closed block that is not confirmed."""
        return next((block for block in self.blocks if self.confirmed_slot < block.slot < self.slot), None)

    def write_of(self, block: Block) -> SlotWrite:
        """What the ledger must hold before ``block`` counts as confirmed (blocks in order)."""
        decimals_of = self.bank.decimals_of
        row = SlotRow(block.slot, block.blockhash, block.block_time, len(block.executions))
        changed = self.bank.accounts.changed_in(block.slot)
        return SlotWrite(
            row=row,
            accounts={address: self.bank.accounts.at(address, block.slot) for address in changed},
            # Lazy: the writer's thread makes the JSON, the event loop goes on.
            transactions=(execution.record(decimals_of) for execution in block.executions),
            transaction_count=self.transaction_count,
        )

    def confirm(self, block: Block) -> None:
        """Marks a block that is in the ledger as confirmed, and finalizes what is deep enough."""
        self.confirmed_slot = block.slot
        self._notify(block, Commitment.CONFIRMED)
        while self.blocks[0].slot <= block.slot - FINALITY_SLOTS:
            rooted = self.blocks.popleft()
            self.finalized_slot = rooted.slot
            self._notify(rooted, Commitment.FINALIZED)
            self.bank.accounts.forget_until(rooted.slot - self._history_slots)
        self._statuses.forget_before(block.slot - RECENT_SLOTS)

    def advance(self, slots: int = 1) -> None:
        """Closes, writes and confirms ``slots`` slots at once, without waiting for the clock."""
        for _ in range(slots):
            self.close_slot()
            while (block := self.next_to_confirm()) is not None:
                self.ledger.write(self.write_of(block))
                self.confirm(block)

    # -- blockhashes --------------------------------------------------------------------------

    def latest_blockhash(self, commitment: Commitment) -> tuple[Hash, int]:
        """The newest blockhash at a commitment, and the last block height at which it is valid."""
        return self._blockhashes.newest_at(self.slot_at(commitment))

    def is_blockhash_valid(self, blockhash: Hash, commitment: Commitment = Commitment.PROCESSED) -> bool:
        """Whether a bank at this commitment knows the blockhash and it is young enough."""
        return self._blockhashes.is_valid_at(blockhash, self.slot_at(commitment))

    def block_time(self, slot: int) -> int | None:
        """Wall time of a slot in seconds; None when it is unknown or pruned."""
        recent = self._blockhashes.time_of(slot)
        return recent if recent is not None else self.ledger.block_time(slot)

    # -- transactions -------------------------------------------------------------------------

    def execute(self, transaction: VersionedTransaction) -> Execution | None:
        """Runs a verified transaction in the open slot; None when it is a duplicate, its blockhash is
        unknown or too old, or it cannot pay: then it is dropped without a trace, as on the network.
        """
        signature = str(transaction.signatures[0])
        if self._statuses.get(signature) is not None:
            return None
        # The leader's view, anyone who forwarded it.
        if not self._blockhashes.is_valid_at(transaction.message.recent_blockhash, self.slot):
            return None
        block = self.blocks[-1]
        self._show_slot_hashes(transaction)
        execution = self.bank.execute(transaction, signature, block.slot, block.block_time)
        if execution is None:
            return None
        self._statuses.add(signature, block.slot, execution.error)
        block.executions.append(execution)
        self.transaction_count += 1
        for listener in self.listeners:
            listener.transaction_processed(execution)
        return execution

    def simulate(self, transaction: VersionedTransaction) -> Simulation:
        """Runs a transaction without keeping its effects."""
        self._show_slot_hashes(transaction)
        return self.bank.simulate(transaction)

    def refusal(self, transaction: VersionedTransaction, commitment: Commitment) -> str | None:
        """Why a bank at this commitment would not even load the transaction, in Solana's JSON form."""
        if self._statuses.get(str(transaction.signatures[0])) is not None:
            return "AlreadyProcessed"
        if not self.is_blockhash_valid(transaction.message.recent_blockhash, commitment):
            return "BlockhashNotFound"
        return None

    def recent_status(self, signature: str) -> LandedStatus | None:
        """The status of a signature of the last RECENT_SLOTS slots."""
        return self._seen(self._statuses.get(signature))

    def status_in_history(self, signature: str) -> LandedStatus | None:
        """The status of any signature that the ledger holds."""
        found = self._statuses.get(signature)
        if found is not None:
            return self._seen(found)
        kept = self.ledger.status(signature)
        return self._seen(LandedStatus(*kept)) if kept is not None else None

    def _show_slot_hashes(self, transaction: VersionedTransaction) -> None:
        # To write 512 of them in every slot would cost more than the slot.
        if self.bank.reads_slot_hashes(transaction):
            self.bank.set_slot_hashes(self._blockhashes.before(self.slot, SLOT_HASHES))

    def _seen(self, status: LandedStatus | None) -> LandedStatus | None:
        known = status is not None and status.slot <= self.slot_at(Commitment.PROCESSED)
        return status if known else None

    def transaction(self, signature: str, commitment: Commitment) -> TransactionRecord | None:
        """A landed transaction at this commitment, confirmed at least, with its meta."""
        record = self._details.get(signature)
        if record is None:
            record = self.ledger.transaction(signature)
        if record is None or record.slot > self.slot_at(commitment):
            return None
        self._details[signature] = record
        self._details.move_to_end(signature)
        if len(self._details) > _DETAILS_IN_MEMORY:
            self._details.popitem(last=False)
        return record

    def transactions_mentioning(
        self, address: Pubkey, commitment: Commitment, before: str | None, until: str | None, limit: int
    ) -> Sequence[TransactionRecord]:
        """Landed transactions that name ``address``, newest first."""
        return self.ledger.mentioning(address, self.slot_at(commitment), before, until, limit)

    # -- accounts -----------------------------------------------------------------------------

    def account(self, address: Pubkey, commitment: Commitment) -> Account | None:
        """The account at this commitment."""
        return self.bank.account(address, self.slot_at(commitment))

    def change_accounts(self, change: Change) -> None:
        """Writes accounts in the open slot without a transaction; worked out anew where a fork replays it."""
        block = self.blocks[-1]
        block.changes.append((len(block.executions), change))
        written = change(self.bank)
        self.bank.write(written)
        for listener in self.listeners:
            listener.accounts_changed(written, block.slot)

    # -- forks --------------------------------------------------------------------------------

    def fork_away(self, signature: str) -> bool:
        """Abandons the fork that a signature landed on: everything since is replayed on a new one, without
        it. False when the signature is unknown or already finalized. No ledger write may be under way.
        """
        status = self._statuses.get(signature)
        if status is None or status.slot <= self.finalized_slot:
            return False
        first = status.slot
        dropped = [block for block in self.blocks if block.slot >= first]
        self._abandon_after(first - 1, len(dropped))
        for block in dropped:
            self._replay(block, signature)
        return True

    def _abandon_after(self, slot: int, blocks: int) -> None:
        for _ in range(blocks):
            self.transaction_count -= len(self.blocks.pop().executions)
        self._statuses.forget_after(slot)
        self._details.clear()
        restored = self.bank.accounts.roll_back_to(slot)
        self.bank.restore(restored)
        self.ledger.remove_after(slot, restored)

    def _replay(self, block: Block, without: str) -> None:
        self.bank.open_slot(block.slot, block.block_time)
        self.blocks.append(Block(block.slot, block.blockhash, block.block_time))
        for entry in block.in_order():
            if not isinstance(entry, Execution):
                self.change_accounts(entry)
            elif entry.signature != without:
                self.execute(entry.transaction)
        if block.slot <= self.confirmed_slot:
            self.ledger.write(self.write_of(self.blocks[-1]))

    # -- inside -------------------------------------------------------------------------------

    def _resume(self) -> None:
        rows = self.ledger.last_slots(SLOT_HASHES + FINALITY_SLOTS + 1)
        for row in rows:
            self._blockhashes.add(row.slot, row.blockhash, row.block_time)
        last = rows[-1].slot
        self.confirmed_slot = self.finalized_slot = last
        for signature, slot, error in self.ledger.statuses_since(last - RECENT_SLOTS):
            self._statuses.add(signature, slot, error)
        for address, account in self.ledger.accounts():
            self.bank.load_account(address, account)
        self.bank.resume_at(last, rows[-1].block_time)
        self._open(last + 1)

    def _open(self, slot: int) -> None:
        block_time = int(self._now())
        seed = bytes(self.genesis_hash) + bytes(self._blockhashes.newest()) + slot.to_bytes(8, "little")
        blockhash = Hash.from_bytes(hashlib.sha256(seed).digest())
        self._blockhashes.add(slot, blockhash, block_time)
        self.bank.open_slot(slot, block_time)
        self.blocks.append(Block(slot, blockhash, block_time))
        for listener in self.listeners:
            listener.slot_opened(slot)

    def _notify(self, block: Block, commitment: Commitment) -> None:
        for listener in self.listeners:
            listener.slot_committed(block, commitment)
