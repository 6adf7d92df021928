"""A Solana node, as far as swaps need it. The only module of the library that talks to one.

Every method raises ChainUnreachable, ChainBusy, ChainAnswerInvalid or ChainRefused, but `send`, which never
raises for the chain: a send that failed is a send with an unknown outcome. Plain JSON throughout: parsing
through typed response objects costs more than the call itself.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import httpx2
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.config import CLOCK_SYSVAR, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import ChainAnswerInvalid, ChainBusy, ChainError, DexError
from dex.rpc.absence import AbsenceCalls
from dex.rpc.answers import (
    Balances,
    ExecutedTransaction,
    LatestBlockhash,
    SendKind,
    SendOutcome,
    SignatureStatuses,
    read_account,
    read_blockhash,
    read_clock,
    read_context_slot,
    read_integer,
    read_pubkey,
    read_send_reply,
    read_signature,
    read_statuses,
    read_text,
    read_transaction,
    reading,
)
from dex.rpc.instruction_calls import InstructionCalls
from dex.rpc.jsonrpc import Call, JsonRpcClient, Reply, RpcClient, RpcErrorCode, call, split_calls
from dex.rpc.kept_accounts import KeptAccounts
from dex.rpc.landing_calls import LandingCalls
from dex.rpc.observing import Observer
from dex.rpc.token_calls import TokenCalls
from dex.transactions.token_accounts import associated_token_address, parse_token_account
from dex.types import AccountData, AccountFilter, Snapshot

Commitment = Literal["processed", "confirmed", "finalized"]

# Limits of a node: getMultipleAccounts and getSignatureStatuses.
MAX_ACCOUNTS: Final = 100
MAX_SIGNATURES: Final = 256
_SNAPSHOT_TRIES: Final = 4
_SIGNATURE_BYTES: Final = slice(1, 65)

# The node knows of no such block yet, or no longer: as good as no answer to getTransaction.
_NO_BLOCK_CODES: Final = frozenset(
    {
        RpcErrorCode.BLOCK_CLEANED_UP,
        RpcErrorCode.BLOCK_NOT_AVAILABLE,
        RpcErrorCode.SLOT_SKIPPED,
        RpcErrorCode.LONG_TERM_STORAGE_SLOT_SKIPPED,
        RpcErrorCode.BLOCK_STATUS_NOT_AVAILABLE_YET,
    }
)


class SolanaRpc(LandingCalls, AbsenceCalls, TokenCalls, InstructionCalls):
    """One node, or the cluster behind one URL. Belongs to the event loop that first used it."""

    def __init__(
        self,
        url: str,
        *,
        commitment: Commitment = "confirmed",
        timeout_seconds: float = 10,
        transport: httpx2.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.client = JsonRpcClient(
            url, timeout_seconds=timeout_seconds, transport=transport, observer=observer
        )
        self._rpc: RpcClient = self.client
        self._commitment = commitment
        self._accounts = KeptAccounts()

    async def aclose(self) -> None:
        await self._rpc.aclose()

    async def snapshot(self, addresses: Sequence[Pubkey], min_context_slot: int | None = None) -> Snapshot:
        """The accounts and the clock, all at one slot, at least ``min_context_slot``.

        More addresses than one getMultipleAccounts takes are read in chunks, again if their slots differ;
        raises ChainBusy when they never agree.
        """
        return await self._snapshot_by(self._config(min_context_slot), addresses)

    async def newest_snapshot(self, addresses: Sequence[Pubkey]) -> Snapshot:
        """As `snapshot`, of the slot that is being filled: what it shows may be dropped with its slot."""
        return await self._snapshot_by({"commitment": "processed"}, addresses)

    async def _snapshot_by(self, config: dict[str, object], addresses: Sequence[Pubkey]) -> Snapshot:
        wanted = [address for address in dict.fromkeys(addresses) if address != CLOCK_SYSVAR]
        room = MAX_ACCOUNTS - 1
        chunks = [wanted[start : start + room] for start in range(0, len(wanted), room)] or [[]]
        for _ in range(_SNAPSHOT_TRIES):
            slots, accounts = await self._read_chunks(chunks, config)
            if len(slots) == 1:
                return _snapshot(accounts)
            config = {**config, "minContextSlot": max(slots)}
        raise ChainBusy(f"getMultipleAccounts: {len(chunks)} chunks were never read at one slot")

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter
    ) -> list[tuple[Pubkey, AccountData]]:
        """Every account of ``program_id`` that fits ``query``."""
        config = {
            "encoding": "base64",
            "commitment": self._commitment,
            "filters": account_filters(query),
        }
        result = await self._rpc.call("getProgramAccounts", str(program_id), config)
        with reading("getProgramAccounts"):
            return [(read_pubkey(entry["pubkey"]), read_account(entry["account"])) for entry in result]

    async def latest_blockhash(self) -> LatestBlockhash:
        result = await self._rpc.call("getLatestBlockhash", self._config())
        with reading("getLatestBlockhash"):
            return read_blockhash(result)

    async def slot(self) -> int:
        result = await self._rpc.call("getSlot", self._config())
        with reading("getSlot"):
            return read_integer(result)

    async def genesis_hash(self) -> str:
        """Which network this is: every cluster has its own."""
        result = await self._rpc.call("getGenesisHash")
        with reading("getGenesisHash"):
            return read_text(result)

    async def health(self) -> None:
        """Return when the node says that it is healthy; raises ChainBusy when it is behind."""
        if await self._rpc.call("getHealth") != "ok":
            raise ChainAnswerInvalid("getHealth: neither ok nor an error")

    async def send(self, raws: Sequence[bytes], *, skip_preflight: bool = True) -> list[SendOutcome]:
        """Send signed transactions, many in one request; one outcome each, in their order.

        The node is told not to rebroadcast on its own: the caller does, and knows when to stop.
        """
        config = {
            "encoding": "base64",
            "skipPreflight": skip_preflight,
            "preflightCommitment": self._commitment,
            "maxRetries": 0,
        }
        calls = [call("sendTransaction", base64.b64encode(raw).decode(), config) for raw in raws]
        parts = await asyncio.gather(*(self._send_batch(batch) for batch in split_calls(calls)))
        replies = [reply for part in parts for reply in part]
        return [
            reply if isinstance(reply, SendOutcome) else read_send_reply(reply, _signature(raw))
            for reply, raw in zip(replies, raws, strict=True)
        ]

    async def signature_statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> SignatureStatuses:
        """The statuses of any number of signatures, `MAX_SIGNATURES` a call.

        Without ``search_history`` a node only looks at its recent status cache, so None then never means
        that a transaction has not landed.
        """
        config = {"searchTransactionHistory": search_history}
        chunks = [signatures[i : i + MAX_SIGNATURES] for i in range(0, len(signatures), MAX_SIGNATURES)]
        calls = [call("getSignatureStatuses", list(chunk), config) for chunk in chunks or [signatures]]
        results = [reply.value() for reply in await self._rpc.batch(calls)]
        with reading("getSignatureStatuses"):
            slot = min(read_context_slot(result) for result in results)
            parts = [
                read_statuses(result, len(chunk))
                for result, chunk in zip(results, chunks or [signatures], strict=True)
            ]
        return SignatureStatuses(slot, tuple(status for part in parts for status in part), search_history)

    async def transactions(self, signatures: Sequence[str]) -> list[ExecutedTransaction | None]:
        """What each transaction did, None where the node has none at this commitment."""
        config = {"encoding": "json", "commitment": self._commitment, "maxSupportedTransactionVersion": 0}
        calls = [call("getTransaction", signature, config) for signature in signatures]
        results = [_transaction_result(reply) for reply in await self._rpc.batch(calls)]
        with reading("getTransaction"):
            executed = [None if result is None else read_transaction(result) for result in results]
        for found, signature in zip(executed, signatures, strict=True):
            if found is not None and found.signature != signature:
                raise ChainAnswerInvalid("getTransaction: another transaction than asked for")
        return executed

    async def signatures_for_address(
        self, address: Pubkey, *, until: str | None = None, before: str | None = None, limit: int = 1000
    ) -> list[str]:
        """Signatures of the transactions that name ``address``, newest first: one page of at most 1,000.

        ``until`` and ``before`` are signatures that the page ends before and begins behind.
        """
        config = {**self._config(), "limit": limit}
        config |= {name: text for name, text in (("until", until), ("before", before)) if text is not None}
        result = await self._rpc.call("getSignaturesForAddress", str(address), config)
        with reading("getSignaturesForAddress"):
            return [read_signature(entry["signature"]) for entry in result]

    async def balances(self, owner: Pubkey, min_context_slot: int | None = None) -> Balances:
        """What ``owner`` can spend: other token accounts than the associated ones do not count."""
        plain = self._config(min_context_slot)
        config = {**plain, "encoding": "base64"}
        calls = [call("getBalance", str(owner), plain)]
        calls += [
            call("getTokenAccountsByOwner", str(owner), {"programId": str(program)}, config)
            for program in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
        ]
        lamports, *holdings = [reply.value() for reply in await self._rpc.batch(calls)]
        with reading("getTokenAccountsByOwner"):
            tokens: dict[Pubkey, int] = {}
            for holding in holdings:
                tokens |= _associated_amounts(holding["value"], owner)
            return Balances(read_integer(lamports["value"]), tokens, read_context_slot(lamports))

    async def request_airdrop(self, address: Pubkey, lamports: int) -> str:
        """Ask a test network for SOL; the signature of the transfer. Raises ChainRefused on mainnet."""
        result = await self._rpc.call("requestAirdrop", str(address), lamports, self._config())
        with reading("requestAirdrop"):
            return read_signature(result)

    def _config(self, min_context_slot: int | None = None) -> dict[str, object]:
        config: dict[str, object] = {"commitment": self._commitment}
        if min_context_slot is not None:
            config["minContextSlot"] = min_context_slot
        return config

    async def _read_chunks(
        self, chunks: Sequence[Sequence[Pubkey]], config: dict[str, object]
    ) -> tuple[set[int], dict[Pubkey, AccountData | None]]:
        config = {**config, "encoding": "base64"}
        asked = [[CLOCK_SYSVAR, *chunk] for chunk in chunks]
        calls = [call("getMultipleAccounts", [str(key) for key in keys], config) for keys in asked]
        results = [reply.value() for reply in await self._rpc.batch(calls)]
        accounts: dict[Pubkey, AccountData | None] = {}
        with reading("getMultipleAccounts"):
            for keys, result in zip(asked, results, strict=True):
                accounts |= self._accounts.read(keys, result["value"])
            return {read_context_slot(result) for result in results}, accounts

    async def _send_batch(self, calls: Sequence[Call]) -> Sequence[Reply | SendOutcome]:
        try:
            return await self._rpc.request(calls)
        except ChainError as error:
            return [SendOutcome(SendKind.UNKNOWN, reason=str(error))] * len(calls)


def account_filters(query: AccountFilter) -> list[dict[str, object]]:
    """A query as nodes take it, of getProgramAccounts and of programSubscribe."""
    sizes = () if query.data_size is None else (query.data_size,)
    filters: list[dict[str, object]] = [{"dataSize": size} for size in sizes]
    return filters + [
        {"memcmp": {"offset": offset, "bytes": base64.b64encode(expected).decode(), "encoding": "base64"}}
        for offset, expected in query.memcmp
    ]


def _transaction_result(reply: Reply) -> Any:
    if reply.fault is not None and reply.fault.code in _NO_BLOCK_CODES:
        return None
    return reply.value()


def _signature(raw: bytes) -> str:
    return str(Signature.from_bytes(raw[_SIGNATURE_BYTES]))


def _snapshot(accounts: Mapping[Pubkey, AccountData | None]) -> Snapshot:
    clock = accounts[CLOCK_SYSVAR]
    if clock is None:
        raise ChainAnswerInvalid("getMultipleAccounts: no clock")
    with reading("getMultipleAccounts"):
        return Snapshot(read_clock(clock.data), accounts)


def _associated_amounts(entries: Sequence[Any], owner: Pubkey) -> dict[Pubkey, int]:
    amounts: dict[Pubkey, int] = {}
    for entry in entries:
        account = read_account(entry["account"])
        try:
            holding = parse_token_account(account)
        except DexError as error:
            raise ChainAnswerInvalid(f"getTokenAccountsByOwner: {error}") from error
        if entry["pubkey"] == str(associated_token_address(owner, holding.mint, account.owner)):
            amounts[holding.mint] = holding.amount
    return amounts
