"""What a node's answers mean: typed values, read from plain JSON with every field checked.

Shapes: the JSON-RPC reference at solana.com/docs/rpc. All readers raise ChainAnswerInvalid.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import ChainAnswerInvalid
from dex.rpc.jsonrpc import Reply, RpcErrorCode
from dex.types import AccountData, Clock

# solana-clock: slot, epoch_start_timestamp, epoch, leader_schedule_epoch, unix_timestamp.
_CLOCK: Final = struct.Struct("<QqQQq")

# The node has judged the bytes themselves; every other error says nothing about where they have got to.
_REJECTING_CODES: Final = frozenset(
    {
        RpcErrorCode.SIGNATURE_VERIFICATION_FAILURE,
        RpcErrorCode.SIGNATURE_LEN_MISMATCH,
        RpcErrorCode.UNSUPPORTED_TRANSACTION_VERSION,
        RpcErrorCode.INVALID_PARAMS,
    }
)


class SendKind(StrEnum):
    """What a node said to a transaction."""

    ACCEPTED = "accepted"
    ALREADY_PROCESSED = "already_processed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """One send. Only REJECTED on the first send of the bytes, to one node, says that they did not land.

    ACCEPTED and UNKNOWN: ask for the status. ALREADY_PROCESSED: it has landed, ask how.
    """

    kind: SendKind
    error: object = None
    logs: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do now: its ``error`` or None, its log, its compute units where it works."""

    error: object
    logs: tuple[str, ...]
    units: int

    @property
    def failed_at(self) -> int | None:
        """The number of the instruction that failed, from 0; None where none did."""
        detail = self.error.get("InstructionError") if isinstance(self.error, dict) else None
        at = detail[0] if isinstance(detail, list) and len(detail) == 2 else None
        return at if type(at) is int else None


@dataclass(frozen=True, slots=True)
class LatestBlockhash:
    blockhash: Hash
    last_valid_block_height: int
    slot: int


@dataclass(frozen=True, slots=True)
class ChainHeight:
    """Height and slot of one block."""

    block_height: int
    slot: int


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """``commitment`` is processed, confirmed or finalized; ``error`` is the transaction's own, or None."""

    slot: int
    commitment: str
    error: object


@dataclass(frozen=True, slots=True)
class SignatureStatuses:
    """Statuses in the order asked, None where the node knows none; ``slot`` is the oldest answer's."""

    slot: int
    statuses: tuple[SignatureStatus | None, ...]
    searched_history: bool


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """A token account before or after a transaction; ``amount`` in base units."""

    account: str
    mint: str
    owner: str
    amount: int


@dataclass(frozen=True, slots=True)
class ExecutedTransaction:
    """A transaction that is in a block, whether it succeeded (``error`` None) or not. Lamports.

    ``lamport_changes`` are by account, of those that hold more or less than before. ``payer`` has signed for
    it and paid its fees. ``programs`` are those of its own instructions, in their order,
    ``accounts`` all that it names, those of lookup tables too.
    """

    signature: str
    slot: int
    error: object
    fee: int
    signature_count: int
    logs: tuple[str, ...]
    compute_units: int
    lamport_changes: Mapping[str, int]
    token_balances_before: tuple[TokenBalance, ...]
    token_balances_after: tuple[TokenBalance, ...]
    payer: str
    programs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balances:
    """What a wallet can spend: lamports, and base units by mint in its associated token accounts."""

    lamports: int
    tokens: Mapping[Pubkey, int]
    slot: int


@contextmanager
def reading(method: str) -> Iterator[None]:
    """Turn what goes wrong in taking an answer apart into ChainAnswerInvalid."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, struct.error) as error:
        raise ChainAnswerInvalid(f"{method}: {type(error).__name__}: {error}") from error


def read_integer(value: Any) -> int:
    # A bool is an int to isinstance, and JSON may hold 1.0 or "1". No slot, height or sum of lamports is
    # beyond a signed 64-bit number, and no column of the record holds more.
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"not a whole number: {value!r:.40}")
    return value


def read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.40}")
    return value


@lru_cache(maxsize=4096)
def read_pubkey(text: str) -> Pubkey:
    return Pubkey.from_string(read_text(text))


def read_context_slot(result: Any) -> int:
    return read_integer(result["context"]["slot"])


def read_account(entry: Any) -> AccountData:
    content, encoding = entry["data"]
    if encoding != "base64":
        raise ValueError("account data is not base64")
    data = base64.b64decode(content, validate=True)
    return AccountData(read_pubkey(entry["owner"]), read_integer(entry["lamports"]), data)


def read_clock(data: bytes) -> Clock:
    slot, _epoch_start, epoch, _leader_epoch, unix_timestamp = _CLOCK.unpack_from(data)
    return Clock(slot, unix_timestamp, epoch)


def read_blockhash(result: Any) -> LatestBlockhash:
    value = result["value"]
    return LatestBlockhash(
        Hash.from_string(value["blockhash"]),
        read_integer(value["lastValidBlockHeight"]),
        read_context_slot(result),
    )


def read_statuses(result: Any, expected: int) -> tuple[SignatureStatus | None, ...]:
    value = result["value"]
    if len(value) != expected:
        raise ValueError(f"{len(value)} statuses for {expected} signatures")
    return tuple(_read_status(entry) if entry is not None else None for entry in value)


def read_signature(value: Any) -> str:
    return str(Signature.from_string(read_text(value)))


def read_send_reply(reply: Reply, signature: str) -> SendOutcome:
    """Sort a node's reply to sendTransaction by its codes, never by its wording."""
    fault = reply.fault
    if fault is None:
        if reply.result == signature:
            return SendOutcome(SendKind.ACCEPTED)
        return SendOutcome(SendKind.UNKNOWN, reason="the node answered another signature")
    if fault.code == RpcErrorCode.SEND_PREFLIGHT_FAILURE:
        return _read_preflight(fault.data if isinstance(fault.data, dict) else {}, fault.message)
    if fault.code in _REJECTING_CODES:
        return SendOutcome(SendKind.REJECTED, error=fault.code, reason=fault.message)
    return SendOutcome(SendKind.UNKNOWN, reason=f"error {fault.code}: {fault.message}")


def read_transaction(result: Any) -> ExecutedTransaction:
    meta, transaction = result["meta"], result["transaction"]
    loaded = meta.get("loadedAddresses") or {}
    keys = [
        *transaction["message"]["accountKeys"],
        *loaded.get("writable", ()),
        *loaded.get("readonly", ()),
    ]
    signatures = transaction["signatures"]
    return ExecutedTransaction(
        signature=read_text(signatures[0]),
        slot=read_integer(result["slot"]),
        error=meta["err"],
        fee=read_integer(meta["fee"]),
        signature_count=len(signatures),
        logs=tuple(meta.get("logMessages") or ()),
        compute_units=read_integer(meta.get("computeUnitsConsumed") or 0),
        lamport_changes=_read_lamport_changes(meta, keys),
        token_balances_before=_read_token_balances(meta.get("preTokenBalances"), keys),
        token_balances_after=_read_token_balances(meta.get("postTokenBalances"), keys),
        payer=read_text(keys[0]),
        programs=tuple(
            read_text(keys[entry["programIdIndex"]])
            for entry in transaction["message"].get("instructions", ())
        ),
        accounts=tuple(read_text(key) for key in keys),
    )


def _read_status(entry: Any) -> SignatureStatus:
    # Without confirmationStatus (very old nodes) confirmations null means rooted.
    commitment = entry.get("confirmationStatus") or (
        "finalized" if entry["confirmations"] is None else "processed"
    )
    return SignatureStatus(read_integer(entry["slot"]), read_text(commitment), entry["err"])


def _read_preflight(data: Mapping[str, Any], message: str) -> SendOutcome:
    error = data.get("err")
    logs = tuple(str(line) for line in data.get("logs") or ())
    if error == "AlreadyProcessed":
        return SendOutcome(SendKind.ALREADY_PROCESSED, error=error)
    if error is None or error == "BlockhashNotFound":
        # The node may lag behind the one that gave the blockhash.
        return SendOutcome(SendKind.UNKNOWN, error=error, logs=logs, reason=message)
    return SendOutcome(SendKind.REJECTED, error=error, logs=logs, reason=message)


def _read_lamport_changes(meta: Any, keys: list[Any]) -> dict[str, int]:
    balances = zip(keys, meta["preBalances"], meta["postBalances"], strict=True)
    return {
        read_text(key): read_integer(after) - read_integer(before)
        for key, before, after in balances
        if after != before
    }


def _read_token_balances(entries: Any, keys: list[Any]) -> tuple[TokenBalance, ...]:
    return tuple(
        TokenBalance(
            account=read_text(keys[entry["accountIndex"]]),
            mint=read_text(entry["mint"]),
            owner=read_text(entry["owner"]),
            amount=int(read_text(entry["uiTokenAmount"]["amount"])),
        )
        for entry in entries or ()
    )
