"""Accounts and transactions to and from the encodings of Solana's JSON-RPC."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Final

from solders.account import Account
from solders.message import Message, MessageV0
from solders.transaction import VersionedTransaction

from dex import base58
from dex.config import TOKEN_PROGRAM
from dex.localnet.bank import Bank
from dex.localnet.errors import (
    INVALID_REQUEST,
    RpcError,
    invalid_params,
    unsupported_transaction_version,
)
from dex.localnet.execution import TransactionRecord
from dex.localnet.parameters import Options
from dex.localnet.token_accounts import parsed_mint, parsed_token_account, read_mint, read_token_account

ACCOUNT_ENCODINGS: Final = ("base58", "base64", "jsonParsed", "binary")
TRANSACTION_ENCODINGS: Final = ("json", "jsonParsed", "base64", "base58", "binary")
_BASE58_MOST_BYTES: Final = 128
_PACKET_BYTES: Final = 1232  # solana-packet PACKET_DATA_SIZE
_WIRE_LIMITS: Final = {"base58": 1683, "base64": 1644}  # the packet size, encoded
_WIRE_TYPE: Final = "solana_transaction::versioned::VersionedTransaction"


def account_json(bank: Bank, account: Account, options: Options) -> dict[str, object]:
    """An account as UiAccount; raises -32600 when base58 is asked for more than 128 bytes."""
    encoding = options.choice("encoding", ACCOUNT_ENCODINGS, "binary")
    size = len(account.data)
    return {
        "lamports": account.lamports,
        "data": _account_data(bank, account, encoding, options),
        "owner": str(account.owner),
        "executable": account.executable,
        "rentEpoch": account.rent_epoch,
        "space": size,
    }


def data_slice(options: Options) -> tuple[int, int] | None:
    """The dataSlice option as (offset, length); None when missing."""
    found = options.options("dataSlice")
    if found is None:
        return None
    offset, length = found.integer("offset"), found.integer("length")
    if offset is None or length is None:
        raise invalid_params("Invalid params: missing field in `dataSlice`.")
    return offset, length


def decode_bytes(text: str, encoding: str) -> bytes:
    """Wire bytes of a transaction; raises -32602 on bad letters or more than a packet."""
    limit = _WIRE_LIMITS[encoding]
    if len(text) > limit:
        raise invalid_params(
            f"{encoding} encoded {_WIRE_TYPE} too large: {len(text)} bytes "
            f"(max: encoded/raw {limit}/{_PACKET_BYTES})"
        )
    raw = _decode(text, encoding)
    if len(raw) > _PACKET_BYTES:
        raise invalid_params(f"decoded {_WIRE_TYPE} too large: {len(raw)} bytes (max: {_PACKET_BYTES} bytes)")
    return raw


def decode_transaction(text: str, encoding: str) -> VersionedTransaction:
    """A transaction from its wire text; raises -32602 when it is none."""
    raw = decode_bytes(text, encoding)
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        transaction.sanitize()
    except ValueError as error:
        raise invalid_params(f"failed to deserialize {_WIRE_TYPE}: {error}") from None
    if not isinstance(transaction.message, Message | MessageV0):
        raise invalid_params("invalid transaction: unsupported message version")
    return transaction


def transaction_json(record: TransactionRecord, options: Options) -> dict[str, object]:
    """A landed transaction as getTransaction gives it; raises -32015 for a version the caller can't read."""
    transaction = VersionedTransaction.from_bytes(record.raw)
    versioned = isinstance(transaction.message, MessageV0)
    newest_readable = options.integer("maxSupportedTransactionVersion")
    if versioned and newest_readable is None:
        raise unsupported_transaction_version(0)
    answer: dict[str, object] = {
        "slot": record.slot,
        "blockTime": record.block_time,
        "transaction": _encoded(record, transaction, options),
        "meta": record.meta,
    }
    if newest_readable is not None:
        answer["version"] = 0 if versioned else "legacy"
    return answer


def _account_data(bank: Bank, account: Account, encoding: str, options: Options) -> object:
    if encoding == "jsonParsed":
        parsed = _parsed(bank, account)
        if parsed is not None:
            return parsed
        encoding = "base64"
    data = account.data
    part = data_slice(options)
    if part is not None:
        data = data[part[0] : part[0] + part[1]]
    if encoding == "base64":
        return [b64encode(data).decode(), "base64"]
    if len(data) > _BASE58_MOST_BYTES:
        raise RpcError(
            INVALID_REQUEST,
            "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.",
        )
    text = base58.encode(data)
    return text if encoding == "binary" else [text, "base58"]


def _parsed(bank: Bank, account: Account) -> dict[str, object] | None:
    program = "spl-token" if account.owner == TOKEN_PROGRAM else "spl-token-2022"
    token_account = read_token_account(account)
    if token_account is not None:
        decimals = bank.decimals_of(token_account.mint)
        if decimals is None:
            return None
        parsed = parsed_token_account(token_account, decimals)
    else:
        mint = read_mint(account)
        if mint is None:
            return None
        parsed = parsed_mint(mint)
    return {"program": program, "parsed": parsed, "space": len(account.data)}


def _decode(text: str, encoding: str) -> bytes:
    try:
        return base58.decode(text) if encoding == "base58" else b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"invalid {encoding} encoding: {error}") from None


def _encoded(record: TransactionRecord, transaction: VersionedTransaction, options: Options) -> object:
    encoding = options.choice("encoding", TRANSACTION_ENCODINGS, "json")
    if encoding == "base64":
        return [b64encode(record.raw).decode(), "base64"]
    if encoding in ("base58", "binary"):
        text = base58.encode(record.raw)
        return text if encoding == "binary" else [text, "base58"]
    message = transaction.message
    if not isinstance(message, Message | MessageV0):
        raise unsupported_transaction_version(1)
    body = _parsed_message(message, record) if encoding == "jsonParsed" else _raw_message(message)
    return {"signatures": [str(signature) for signature in transaction.signatures], "message": body}


def _raw_message(message: Message | MessageV0) -> dict[str, object]:
    header = message.header
    body: dict[str, object] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(key) for key in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": instruction.program_id_index,
                "accounts": list(instruction.accounts),
                "data": base58.encode(instruction.data),
                "stackHeight": None,
            }
            for instruction in message.instructions
        ],
    }
    if isinstance(message, MessageV0):
        body["addressTableLookups"] = _lookups(message)
    return body


def _parsed_message(message: Message | MessageV0, record: TransactionRecord) -> dict[str, object]:
    static = message.account_keys
    loaded = record.meta["loadedAddresses"]
    tables: dict[str, list[str]] = loaded if isinstance(loaded, dict) else {}
    keys = [str(key) for key in static] + tables["writable"] + tables["readonly"]
    header = message.header
    signers = header.num_required_signatures
    writable_end = len(static) - header.num_readonly_unsigned_accounts
    writable_loaded_end = len(static) + len(tables["writable"])

    def writable(index: int) -> bool:
        if index >= len(static):
            return index < writable_loaded_end
        return index < signers - header.num_readonly_signed_accounts or signers <= index < writable_end

    body: dict[str, object] = {
        "accountKeys": [
            {
                "pubkey": key,
                "signer": index < signers,
                "source": "transaction" if index < len(static) else "lookupTable",
                "writable": writable(index),
            }
            for index, key in enumerate(keys)
        ],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programId": keys[instruction.program_id_index],
                "accounts": [keys[account] for account in instruction.accounts],
                "data": base58.encode(instruction.data),
                "stackHeight": None,
            }
            for instruction in message.instructions
        ],
    }
    if isinstance(message, MessageV0):
        body["addressTableLookups"] = _lookups(message)
    return body


def _lookups(message: MessageV0) -> list[dict[str, object]]:
    return [
        {
            "accountKey": str(lookup.account_key),
            "writableIndexes": list(lookup.writable_indexes),
            "readonlyIndexes": list(lookup.readonly_indexes),
        }
        for lookup in message.address_table_lookups
    ]
