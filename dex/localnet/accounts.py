"""All accounts of the network, as they are now and as they were in the slots not yet finalized."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from solders.account import Account
from solders.pubkey import Pubkey


@dataclass(slots=True)
class SlotChanges:
    """The accounts that a slot changed, each with its value before the slot."""

    slot: int
    before: dict[Pubkey, Account | None] = field(default_factory=dict)


class AccountStore:
    """Accounts by address and by owner, readable at any slot back to the oldest kept changes."""

    def __init__(self) -> None:
        self._current: dict[Pubkey, Account] = {}
        self._by_owner: dict[Pubkey, dict[Pubkey, None]] = {}
        self._changes: deque[SlotChanges] = deque()

    def __contains__(self, address: Pubkey) -> bool:
        return address in self._current

    def load(self, address: Pubkey, account: Account) -> None:
        """Places an account without recording a change (genesis, ledger)."""
        self._replace(address, self._current.get(address), account)

    def open_slot(self, slot: int) -> None:
        """Changes from now on belong to ``slot``."""
        self._changes.append(SlotChanges(slot))

    def put(self, address: Pubkey, account: Account | None) -> None:
        """Sets (None: removes) an account in the open slot."""
        before = self._current.get(address)
        self._changes[-1].before.setdefault(address, before)
        self._replace(address, before, account)

    def current(self, address: Pubkey) -> Account | None:
        """The account now."""
        return self._current.get(address)

    def at(self, address: Pubkey, slot: int) -> Account | None:
        """The account as it was at the end of ``slot``."""
        for changes in self._changes:
            if changes.slot > slot and address in changes.before:
                return changes.before[address]
        return self._current.get(address)

    def oldest_slot(self) -> int:
        """The oldest slot that can be read at; at least one slot must have been opened."""
        return self._changes[0].slot - 1

    def changed_in(self, slot: int) -> Iterable[Pubkey]:
        """Addresses that ``slot`` changed; nothing for a slot that is no longer kept."""
        for changes in self._changes:
            if changes.slot == slot:
                return tuple(changes.before)
        return ()

    def owned_at(self, owner: Pubkey, slot: int) -> Iterator[tuple[Pubkey, Account]]:
        """All accounts that ``owner`` had at the end of ``slot``."""
        candidates = dict(self._by_owner.get(owner, {}))
        for changes in self._changes:
            if changes.slot > slot:
                candidates.update(dict.fromkeys(changes.before))
        for address in candidates:
            account = self.at(address, slot)
            if account is not None and account.owner == owner:
                yield address, account

    def forget_until(self, slot: int) -> None:
        """Drops the changes of ``slot`` and older: they can no longer be read back."""
        while self._changes and self._changes[0].slot <= slot:
            self._changes.popleft()

    def roll_back_to(self, slot: int) -> dict[Pubkey, Account | None]:
        """Undoes every slot after ``slot``; the restored accounts (None: gone again) by address."""
        restored: dict[Pubkey, Account | None] = {}
        while self._changes and self._changes[-1].slot > slot:
            for address, account in self._changes.pop().before.items():
                self._replace(address, self._current.get(address), account)
                restored[address] = account
        return restored

    def _replace(self, address: Pubkey, before: Account | None, after: Account | None) -> None:
        if before is not None and (after is None or before.owner != after.owner):
            self._by_owner[before.owner].pop(address, None)
        if after is None:
            self._current.pop(address, None)
            return
        if before is None or before.owner != after.owner:
            self._by_owner.setdefault(after.owner, {})[address] = None
        self._current[address] = after
