"""What makes a launch a trap, when its time comes.

Freezing is done by transactions of the freeze authority. The rest is written into the slot: on a public
network a fee would be raised two epochs after its announcement, liquidity taken out by the program of the
pool, and a hook set by its authority.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.localnet.bank import Bank
from dex.localnet.blocks import Commitment
from dex.localnet.launches.plan import LaunchVenue, Trap
from dex.localnet.launches.record import LaunchRecord
from dex.localnet.launches.tokens import transfer_fee_config, transfer_hook
from dex.localnet.launches.writing import Written
from dex.localnet.scenario.vaults import with_changes
from dex.types import AccountData
from dex.venues.account_layout import patched, pubkey_at

if TYPE_CHECKING:
    from dex.localnet.chain import Chain
    from dex.localnet.execution import Execution

Schedule = Callable[[int, Callable[[], None]], None]

PULLED_AFTER_SLOTS: Final = 2
CHANGED_AFTER_SLOTS: Final = 4
FROZEN_AFTER_SLOTS: Final = 3
RAISED_FEE_BPS: Final = 9_900
# What is left in the pool of what its creator put in.
LEFT_PART: Final = 1_000

_FREEZE_ACCOUNT: Final = 10
_FROZEN_STATE: Final = 2
_STATE_OFFSET, _OWNER_OFFSET, _AMOUNT_OFFSET = 108, 32, 64
_MINT_EXTENSIONS: Final = 166
_RECORD_HEADER: Final = 4
_U64: Final = struct.Struct("<Q")
_DAMM_LIQUIDITY, _DAMM_AMOUNTS = 360, 680
# Nothing is at this address: a transfer that has to call it fails.
_HOOK_PROGRAM: Final = Pubkey.from_bytes(sha256(b"localnet transfer hook").digest())


class Traps:
    """Springs the traps of launches on a chain."""

    def __init__(self, chain: Chain, schedule: Schedule) -> None:
        """``schedule`` has something done when a slot opens."""
        self._chain = chain
        self._schedule = schedule
        self._freezing: dict[bytes, LaunchRecord] = {}

    def opened(self, record: LaunchRecord) -> None:
        """The pool of this launch can be bought from as of now."""
        trap = record.plan.trap
        slot = self._chain.slot
        if trap is Trap.FREEZE:
            self._freezing[bytes(record.plan.token.mint)] = record
        elif trap is Trap.LIQUIDITY:
            self._schedule(slot + PULLED_AFTER_SLOTS, partial(self._write, record, _pulled))
        elif trap is Trap.TRANSFER_FEE:
            self._schedule(slot + CHANGED_AFTER_SLOTS, partial(self._write, record, _fee_raised))
        elif trap is Trap.HOOK:
            self._schedule(slot + CHANGED_AFTER_SLOTS, partial(self._write, record, _hooked))

    def bought(self, execution: Execution) -> None:
        """Freezes later what somebody holds of a token that has this trap."""
        if not self._freezing or execution.error is not None:
            return
        keys = execution.keys.all
        for index, account in execution.tokens_after.items():
            record = self._freezing.get(account.data[:32])
            if record is not None and self._is_a_buyers(record, keys[index], account):
                step = partial(self._freeze, record, keys[index])
                self._schedule(self._chain.slot + FROZEN_AFTER_SLOTS, step)

    # -- inside -------------------------------------------------------------------------------

    def _write(self, record: LaunchRecord, change: Callable[[Bank, LaunchRecord], Written]) -> None:
        self._chain.change_accounts(lambda bank: change(bank, record))
        record.sprung_slot = self._chain.slot

    def _is_a_buyers(self, record: LaunchRecord, address: Pubkey, account: Account) -> bool:
        owner = pubkey_at(account.data, _OWNER_OFFSET)
        is_held = any(account.data[_AMOUNT_OFFSET : _AMOUNT_OFFSET + 8])
        return is_held and owner != record.plan.creator.pubkey() and address not in record.sides.vaults

    def _freeze(self, record: LaunchRecord, address: Pubkey) -> None:
        found = self._chain.bank.accounts.current(address)
        if found is None or not found.data or found.data[_STATE_OFFSET] == _FROZEN_STATE:
            return
        plan, authority = record.plan, record.plan.creator
        metas = [
            AccountMeta(address, is_signer=False, is_writable=True),
            AccountMeta(plan.token.mint, is_signer=False, is_writable=False),
            AccountMeta(authority.pubkey(), is_signer=True, is_writable=False),
        ]
        self._send([Instruction(plan.token_program, bytes([_FREEZE_ACCOUNT]), metas)], authority)
        record.sprung_slot = record.sprung_slot or self._chain.slot

    def _send(self, instructions: Sequence[Instruction], payer: Keypair) -> None:
        blockhash, _ = self._chain.latest_blockhash(Commitment.PROCESSED)
        message = MessageV0.try_compile(payer.pubkey(), instructions, [], blockhash)
        self._chain.execute(VersionedTransaction(message, [payer]))


def _fee_raised(bank: Bank, record: LaunchRecord) -> Written:
    config = transfer_fee_config(record.plan.creator.pubkey(), RAISED_FEE_BPS)
    return _with_first_record(bank, record.plan.token.mint, config)


def _hooked(bank: Bank, record: LaunchRecord) -> Written:
    hook = transfer_hook(record.plan.creator.pubkey(), _HOOK_PROGRAM)
    return _with_first_record(bank, record.plan.token.mint, hook)


def _with_first_record(bank: Bank, mint: Pubkey, record: bytes) -> Written:
    found = bank.accounts.current(mint)
    if found is None:
        return {}
    data = patched(found.data, {_MINT_EXTENSIONS + _RECORD_HEADER: record})
    return {mint: Account(found.lamports, data, found.owner)}


def _pulled(bank: Bank, record: LaunchRecord) -> Written:
    """Nearly all of both tokens out of the vaults; what they held is burnt, the SOL of it gone."""

    def read(address: Pubkey) -> AccountData | None:
        found = bank.accounts.current(address)
        return None if found is None else AccountData(found.owner, found.lamports, found.data)

    vaults, mints = record.sides.vaults, record.sides.mints
    held = [_U64.unpack_from(account.data, _AMOUNT_OFFSET)[0] for account in _existing(read, vaults)]
    gone = [amount // LEFT_PART - amount for amount in held]
    written = dict(with_changes(read, vaults, mints, (gone[0], gone[1])))
    pool = read(record.pool)
    if record.plan.venue is LaunchVenue.DAMM_V2 and pool is not None:
        written[record.pool] = AccountData(pool.owner, pool.lamports, _with_less_liquidity(pool.data))
    return {address: Account(a.lamports, a.data, a.owner) for address, a in written.items()}


def _existing(
    read: Callable[[Pubkey], AccountData | None], addresses: Sequence[Pubkey]
) -> Iterator[AccountData]:
    return (found for address in addresses if (found := read(address)) is not None)


def _with_less_liquidity(data: bytes) -> bytes:
    liquidity = int.from_bytes(data[_DAMM_LIQUIDITY : _DAMM_LIQUIDITY + 16], "little") // LEFT_PART
    amounts = struct.unpack_from("<QQ", data, _DAMM_AMOUNTS)
    return patched(
        data,
        {
            _DAMM_LIQUIDITY: liquidity.to_bytes(16, "little"),
            _DAMM_AMOUNTS: struct.pack("<QQ", *(amount // LEFT_PART for amount in amounts)),
        },
    )
