"""What a node reports of landed transactions, one by one: their instructions, inner ones too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from dex import base58
from dex.launches.executed import Executed
from dex.rpc.answers import read_integer, read_pubkey, read_signature, reading
from dex.rpc.jsonrpc import RpcClient


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that succeeded: each outer instruction and then those that it called, in their order.

    ``accounts`` are all that it names, those of lookup tables too.
    """

    signature: str
    slot: int
    instructions: tuple[Executed, ...]
    accounts: tuple[Pubkey, ...]


@dataclass(frozen=True, slots=True)
class PastSignature:
    """A transaction that named an address, whether it failed or not."""

    signature: str
    slot: int
    failed: bool


class InstructionCalls(ABC):
    """Part of `SolanaRpc`; raises what that raises."""

    _rpc: RpcClient

    @abstractmethod
    def _config(self, min_context_slot: int | None = None) -> dict[str, object]: ...

    async def landed(self, signature: str) -> Landed | None:
        """A transaction with its instructions; None where the node has none, or where it failed."""
        config = {**self._config(), "encoding": "json", "maxSupportedTransactionVersion": 0}
        result = await self._rpc.call("getTransaction", signature, config)
        with reading("getTransaction"):
            return None if result is None or result["meta"]["err"] is not None else read_landed(result)

    async def history(self, address: Pubkey, *, before: str | None = None, limit: int) -> list[PastSignature]:
        """Transactions that name ``address``, newest first, at most 1,000; ``before``: behind this one."""
        config = {**self._config(), "limit": limit} | ({} if before is None else {"before": before})
        result = await self._rpc.call("getSignaturesForAddress", str(address), config)
        with reading("getSignaturesForAddress"):
            return [
                PastSignature(
                    read_signature(entry["signature"]),
                    read_integer(entry["slot"]),
                    entry["err"] is not None,
                )
                for entry in result
            ]


def read_landed(result: Any) -> Landed:
    """What getTransaction answers with encoding json."""
    meta, transaction = result["meta"], result["transaction"]
    loaded = meta.get("loadedAddresses") or {}
    listed = (
        *transaction["message"]["accountKeys"],
        *loaded.get("writable", ()),
        *loaded.get("readonly", ()),
    )
    keys = tuple(read_pubkey(text) for text in listed)
    return Landed(
        signature=read_signature(transaction["signatures"][0]),
        slot=read_integer(result["slot"]),
        instructions=tuple(_instructions(transaction["message"], meta, keys)),
        accounts=keys,
    )


def _instructions(message: Any, meta: Any, keys: tuple[Pubkey, ...]) -> Iterator[Executed]:
    called = {entry["index"]: entry["instructions"] for entry in meta.get("innerInstructions") or ()}
    for number, outer in enumerate(message["instructions"]):
        for each in (outer, *called.get(number, ())):
            accounts = tuple(keys[index] for index in each["accounts"])
            yield Executed(keys[each["programIdIndex"]], accounts, base58.decode(each["data"]))
