"""Runs transactions in the embedded SVM and keeps the account store in step with it.

The SVM checks neither signatures, blockhashes nor duplicates here: the chain above does, once a
transaction, so that preflight and execution do not verify the same signatures twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from solders.account import Account
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from dex.config import CLOCK_SYSVAR, LOOKUP_TABLE_PROGRAM
from dex.localnet.accounts import AccountStore
from dex.localnet.epochs import Epochs
from dex.localnet.errors import UnusableProgram
from dex.localnet.execution import AccountKeys, Execution, error_json
from dex.localnet.token_accounts import TOKEN_PROGRAMS, mint_decimals

_LOOKUP_TABLE_HEADER: Final = 56  # solana address-lookup-table interface: LOOKUP_TABLE_META_SIZE


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do now; ``error`` in Solana's JSON form."""

    outcome: TransactionMetadata
    error: object
    accounts_after: dict[Pubkey, Account]


@contextmanager
def _unusable_by_name(address: Pubkey) -> Iterator[None]:
    """Turns the virtual machine's own error about a program into UnusableProgram."""
    try:
        yield
    except Exception as error:
        # solders gives this class of its own no name to import.
        if type(error).__name__ != "LiteSVMError":
            raise
        raise UnusableProgram(f"{address}: {error}") from error


class Bank:
    """The SVM and the accounts it works on."""

    def __init__(self, epochs: Epochs | None = None) -> None:
        self.epochs = epochs or Epochs()
        self.accounts = AccountStore()
        self._svm = LiteSVM().with_blockhash_check(False).with_sigverify(False).with_transaction_history(0)
        # LiteSVM starts hundreds of millions of slots ahead; programs loaded there would not be usable yet.
        self._svm.warp_to_slot(0)

    def add_program(self, address: Pubkey, code: bytes) -> None:
        """Loads a program (SBF ELF) at ``address``; raises UnusableProgram."""
        with _unusable_by_name(address):
            self._svm.add_program(address, code)

    def load_account(self, address: Pubkey, account: Account) -> None:
        """Places an account without recording a change: of genesis, ledger or parent.

        Raises UnusableProgram. An upgradeable program finds its code only if that was placed before it.
        """
        with _unusable_by_name(address):
            self._svm.set_account(address, account)
        self.accounts.load(address, account)

    def resume_at(self, slot: int, unix_timestamp: int) -> None:
        """Sets the clock to the last slot of a ledger, without opening it again."""
        self._set_clock(slot, unix_timestamp)
        clock = self._svm.get_account(CLOCK_SYSVAR)
        if clock is not None:
            self.accounts.load(CLOCK_SYSVAR, clock)

    def open_slot(self, slot: int, unix_timestamp: int) -> None:
        """Moves the clock sysvar to ``slot``; later executions belong to it."""
        self._set_clock(slot, unix_timestamp)
        self.accounts.open_slot(slot)
        # In the store too, so that it is read as of the same slot as the accounts beside it.
        self.accounts.put(CLOCK_SYSVAR, self._svm.get_account(CLOCK_SYSVAR))

    def reads_slot_hashes(self, transaction: VersionedTransaction) -> bool:
        """Whether a transaction looks addresses up, or changes a table: the rest never reads that sysvar."""
        message = transaction.message
        looks_up = isinstance(message, MessageV0) and bool(message.address_table_lookups)
        return looks_up or LOOKUP_TABLE_PROGRAM in message.account_keys

    def set_slot_hashes(self, newest_first: Sequence[tuple[int, Hash]]) -> None:
        """What programs find in the sysvar of recent slots."""
        self._svm.set_slot_hashes(list(newest_first))

    def account(self, address: Pubkey, slot: int) -> Account | None:
        """The account at the end of ``slot``; programs and other sysvars than the clock as they are now."""
        found = self.accounts.at(address, slot)
        if found is None and address not in self.accounts:
            return self._svm.get_account(address)
        return found

    def has(self, address: Pubkey) -> bool:
        """Whether there is an account now; true for what the SVM brings along (native programs, sysvars)."""
        return address in self.accounts or self._svm.get_account(address) is not None

    def decimals_of(self, mint: Pubkey) -> int | None:
        """Decimals of ``mint``; None when there is no such mint."""
        return mint_decimals(mint, self.accounts.current(mint))

    def rent_exempt_minimum(self, size: int) -> int:
        """Lamports that an account of ``size`` bytes must hold."""
        return self._svm.minimum_balance_for_rent_exemption(size)

    def account_keys(self, transaction: VersionedTransaction) -> AccountKeys:
        """The accounts of a transaction with its lookup tables resolved; unresolvable ones left out."""
        message = transaction.message
        static = message.account_keys
        header = message.header
        writable_signers = header.num_required_signatures - header.num_readonly_signed_accounts
        writable_end = len(static) - header.num_readonly_unsigned_accounts
        flags = [
            index < writable_signers or header.num_required_signatures <= index < writable_end
            for index in range(len(static))
        ]
        if not isinstance(message, MessageV0) or not message.address_table_lookups:
            return AccountKeys(static, (), (), tuple(flags))
        writable, readonly = self._resolve_lookups(message)
        flags += [True] * len(writable) + [False] * len(readonly)
        return AccountKeys(static, writable, readonly, tuple(flags))

    def simulate(self, transaction: VersionedTransaction) -> Simulation:
        """Runs a transaction without keeping its effects."""
        result = self._svm.simulate_transaction(transaction)
        if isinstance(result, FailedTransactionMetadata):
            return Simulation(result.meta(), error_json(result), {})
        return Simulation(result.meta(), None, dict(result.post_accounts()))

    def execute(
        self, transaction: VersionedTransaction, signature: str, slot: int, block_time: int
    ) -> Execution | None:
        """Runs a transaction for good; None when it never lands (nothing was charged for it)."""
        keys = self.account_keys(transaction)
        addresses = keys.all
        lamports_before = [self._lamports(address) for address in addresses]
        tokens_before = self._writable_token_accounts(addresses, keys.writable)
        result = self._svm.send_transaction(transaction)
        failed = isinstance(result, FailedTransactionMetadata)
        if failed and self._lamports(addresses[0]) == lamports_before[0]:
            return None
        self._take_changes(
            address for address, writable in zip(addresses, keys.writable, strict=True) if writable
        )
        return Execution(
            signature=signature,
            slot=slot,
            block_time=block_time,
            transaction=transaction,
            keys=keys,
            outcome=result.meta() if isinstance(result, FailedTransactionMetadata) else result,
            error=error_json(result) if isinstance(result, FailedTransactionMetadata) else None,
            lamports_before=lamports_before,
            lamports_after=[self._lamports(address) for address in addresses],
            tokens_before=tokens_before,
            tokens_after=self._writable_token_accounts(addresses, keys.writable),
        )

    def write(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        """Sets accounts in the open slot (None: removes) that no transaction has written."""
        self.restore(accounts)
        for address, account in accounts.items():
            self.accounts.put(address, account)

    def restore(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        """Writes rolled-back accounts into the SVM (the store has them already)."""
        for address, account in accounts.items():
            self._svm.set_account(address, account or Account(0, b"", Pubkey.default()))

    def _set_clock(self, slot: int, unix_timestamp: int) -> None:
        clock = self._svm.get_clock()
        epoch = self.epochs.at(slot)
        if epoch != clock.epoch or clock.epoch_start_timestamp == 0:
            clock.epoch_start_timestamp = unix_timestamp
        clock.slot = slot
        clock.unix_timestamp = unix_timestamp
        clock.epoch = epoch
        clock.leader_schedule_epoch = epoch + 1
        self._svm.set_clock(clock)

    def _take_changes(self, addresses: Iterable[Pubkey]) -> None:
        for address in addresses:
            account = self._svm.get_account(address)
            if account != self.accounts.current(address):
                self.accounts.put(address, account)

    def _writable_token_accounts(
        self, addresses: list[Pubkey], writable: tuple[bool, ...]
    ) -> dict[int, Account]:
        found: dict[int, Account] = {}
        for index, address in enumerate(addresses):
            account = self.accounts.current(address) if writable[index] else None
            if account is not None and account.owner in TOKEN_PROGRAMS:
                found[index] = account
        return found

    def _lamports(self, address: Pubkey) -> int:
        return self._svm.get_balance(address) or 0

    def _resolve_lookups(self, message: MessageV0) -> tuple[list[Pubkey], list[Pubkey]]:
        writable: list[Pubkey] = []
        readonly: list[Pubkey] = []
        for lookup in message.address_table_lookups:
            table = self.accounts.current(lookup.account_key)
            keys = table.data[_LOOKUP_TABLE_HEADER:] if table is not None else b""
            writable += _table_keys(keys, lookup.writable_indexes)
            readonly += _table_keys(keys, lookup.readonly_indexes)
        return writable, readonly


def _table_keys(keys: bytes, indexes: bytes) -> list[Pubkey]:
    found = (keys[index * 32 : index * 32 + 32] for index in indexes)
    return [Pubkey.from_bytes(key) for key in found if len(key) == 32]
