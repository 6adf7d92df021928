"""Changes of the wallet's own lookup tables: planned, signed under their own policy, sent until decided."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.config import MAINNET
from dex.errors import DexError, PolicyViolation
from dex.rpc.answers import LatestBlockhash
from dex.signing.table_policy import TableStep, TableTerms, check_table_policy
from dex.transactions import table_instructions
from dex.transactions.instructions import compute_unit_limit, compute_unit_price
from dex.transactions.lookup_tables import META_BYTES, MOST_ADDRESSES, LookupTable, read_lookup_table
from dex.transactions.swap_transaction import sign
from dex.transactions.token_accounts import rent_exempt_lamports
from dex.types import SignedTransaction
from orders.gateway import risk_limits, sends, statuses
from orders.gateway.connection import connection
from orders.gateway.priority_fees import bid_at
from orders.gateway.statuses import Verdict
from orders.gateway.wallet import signer, wallet_address

# Some 650 bytes of addresses: with a creation in front a transaction still fits.
_ADDRESSES_AT_ONCE: Final = 20
# A creation with an extension takes some 23,000 in the SVM; an address that is derived again costs more.
_UNITS: Final = 80_000
_LOOK_SECONDS: Final = 0.4
_DECIDED_WITHIN_SECONDS: Final = 240


class TableChangeFailed(Exception):
    """A transaction about a table that failed, can no longer land, or was not decided in time."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """One transaction about one table: a step, what it adds, and the slot that a new table is made with."""

    table: Pubkey
    step: TableStep
    addresses: tuple[Pubkey, ...] = ()
    recent_slot: int | None = None


def read_tables(addresses: Sequence[Pubkey]) -> tuple[Mapping[Pubkey, LookupTable | DexError], int]:
    """Each table as the chain has it, or why it is none; and the slot. Raises ChainError."""
    snapshot = connection().run(connection().rpc.snapshot(addresses))
    found: dict[Pubkey, LookupTable | DexError] = {}
    for address in addresses:
        try:
            found[address] = read_lookup_table(address, snapshot.account(address))
        except DexError as error:
            found[address] = error
    return found, snapshot.clock.slot


def plan_new_table(addresses: Sequence[Pubkey]) -> list[TableChange]:
    """The transactions that make a table and fill it; raises ChainError, KeyUnavailable."""
    slot = connection().run(connection().rpc.snapshot([])).clock.slot
    table = table_instructions.table_address(wallet_address(), slot)
    first, *others = _fillings(table, addresses) or [TableChange(table, TableStep.FILL)]
    return [TableChange(table, TableStep.FILL, first.addresses, slot), *others]


def plan_extension(table: LookupTable, addresses: Sequence[Pubkey]) -> list[TableChange]:
    """The transactions that add those of ``addresses`` which are missing, as far as there is room."""
    missing = [address for address in addresses if address not in table.addresses]
    room = MOST_ADDRESSES - len(table.addresses)
    return _fillings(table.address, missing[:room])


def rent_of(changes: Sequence[TableChange]) -> int:
    """Lamports that the changes lock: of a new table its own, and what each address adds."""
    own = rent_exempt_lamports(META_BYTES) if changes[0].recent_slot is not None else 0
    added = sum(len(change.addresses) for change in changes) * Pubkey.LENGTH
    return own + rent_exempt_lamports(added) - rent_exempt_lamports(0)


def check_table_change(change: TableChange) -> None:
    """Refuse what `sign_table_change` would refuse now.

    Raises PolicyViolation, KeyUnavailable, ChainError.
    """
    _allowed_message(change, wallet_address())


def sign_table_change(change: TableChange) -> SignedTransaction:
    """The signed transaction of a change. Raises PolicyViolation, KeyUnavailable, ChainError."""
    wallet = signer()
    message, latest = _allowed_message(change, wallet.pubkey)
    return sign(message, wallet, latest.last_valid_block_height)


def land(signed: SignedTransaction) -> None:
    """Send the bytes until the chain has decided about them. Raises TableChangeFailed.

    A node that does not answer decides nothing: it is asked again.
    """
    check = statuses.dead_check(signed.last_valid_block_height)
    until = time.monotonic() + _DECIDED_WITHIN_SECONDS
    between_looks = threading.Event()
    while time.monotonic() < until:
        sends.send([signed.raw])
        between_looks.wait(_LOOK_SECONDS)
        try:
            [report] = statuses.signature_statuses([signed.signature])
            if report.verdict is Verdict.FAILED:
                raise TableChangeFailed(f"{signed.signature} failed on chain: {report.error}")
            if report.verdict in (Verdict.CONFIRMED, Verdict.FINALIZED):
                return
            [check] = statuses.prove_dead([(signed.signature, check)])
        except DexError:
            continue
        if statuses.is_dead(check):
            raise TableChangeFailed(f"{signed.signature} expired before it landed: nothing was changed")
    raise TableChangeFailed(f"{signed.signature} is not decided yet: look it up before you try again")


def _allowed_message(change: TableChange, wallet: Pubkey) -> tuple[MessageV0, LatestBlockhash]:
    """What is to be signed for a change, within the signer's policy, and the blockhash in it."""
    if settings.SOLANA_NETWORK == MAINNET and (faults := risk_limits.mainnet_faults()):
        raise PolicyViolation(faults[0])
    chain = connection()
    chain.run(chain.require_network())
    latest = chain.run(chain.rpc.latest_blockhash())
    instructions = [compute_unit_limit(_UNITS)]
    if price := _price(change.table):
        instructions.append(compute_unit_price(price))
    instructions += _instructions(change, wallet)
    message = MessageV0.try_compile(wallet, instructions, [], latest.blockhash)
    terms = TableTerms(wallet, change.table, change.step, frozenset(change.addresses))
    check_table_policy(message, terms, latest.blockhash, settings.MAX_PRIORITY_FEE_LAMPORTS)
    return message, latest


def _fillings(table: Pubkey, addresses: Sequence[Pubkey]) -> list[TableChange]:
    parts = range(0, len(addresses), _ADDRESSES_AT_ONCE)
    return [
        TableChange(table, TableStep.FILL, tuple(addresses[at : at + _ADDRESSES_AT_ONCE])) for at in parts
    ]


def _instructions(change: TableChange, wallet: Pubkey) -> list[Instruction]:
    match change.step:
        case TableStep.DEACTIVATE:
            return [table_instructions.deactivate_table(change.table, wallet)]
        case TableStep.CLOSE:
            return [table_instructions.close_table(change.table, wallet)]
    made = [] if change.recent_slot is None else [table_instructions.create_table(wallet, change.recent_slot)]
    added = [table_instructions.extend_table(change.table, wallet, change.addresses)]
    return [*made, *(added if change.addresses else [])]


def _price(table: Pubkey) -> int:
    """Micro-lamports a compute unit, by the settings."""
    bid = bid_at(settings.PRIORITY_FEE)
    recent: Sequence[int] = ()
    if bid.goes_by_others:
        recent = connection().run(connection().rpc.recent_prioritization_fees([table]))
    return bid.price(recent, attempt=1)
