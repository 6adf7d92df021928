"""The network that a fork comes from, over its JSON-RPC."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from solders.account import Account
from solders.pubkey import Pubkey

from dex.errors import ChainBusy, ChainUnreachable
from dex.localnet.epochs import Epochs
from dex.rpc.answers import read_context_slot, read_integer, read_pubkey, read_text, reading
from dex.rpc.jsonrpc import JsonRpcClient
from dex.types import AccountFilter

MAX_ACCOUNTS: Final = 100  # of one getMultipleAccounts
_COMMITMENT: Final = "confirmed"
_TIMEOUT_SECONDS: Final = 30.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before each further try: a busy node gets more of them than one that is away."""

    busy: tuple[float, ...] = (0.5, 1, 2, 4, 8)
    unreachable: tuple[float, ...] = (0.25, 1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the parent is: its genesis hash, slot and epochs."""

    genesis_hash: str
    slot: int
    epochs: Epochs


class Parent:
    """Reads accounts of a network; repeats what a busy or unreachable node did not answer.

    Every method raises ChainBusy or ChainUnreachable when the last try fails too, ChainRefused and
    ChainAnswerInvalid at once.
    """

    def __init__(self, url: str, backoff: Backoff | None = None) -> None:
        self._rpc = JsonRpcClient(url, timeout_seconds=_TIMEOUT_SECONDS)
        self._backoff = backoff or Backoff()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._rpc.aclose()

    async def position(self) -> Position:
        """Where the parent is now."""
        genesis_hash = await self._call("getGenesisHash")
        found = await self._call("getEpochInfo", {"commitment": _COMMITMENT})
        with reading("getEpochInfo"):
            slot, index = read_integer(found["absoluteSlot"]), read_integer(found["slotIndex"])
            length = read_integer(found["slotsInEpoch"])
            epochs = Epochs(slot - index, read_integer(found["epoch"]), length)
            return Position(read_text(genesis_hash), slot, epochs)

    async def accounts(
        self, addresses: Sequence[Pubkey], first_bytes: int | None = None
    ) -> tuple[int, list[Account | None]]:
        """Up to 100 accounts of one slot, and the slot; only ``first_bytes`` of their data if wanted."""
        config: dict[str, object] = {"commitment": _COMMITMENT, "encoding": "base64"}
        if first_bytes is not None:
            config["dataSlice"] = {"offset": 0, "length": first_bytes}
        result = await self._call("getMultipleAccounts", [str(address) for address in addresses], config)
        with reading("getMultipleAccounts"):
            found = [None if entry is None else _account(entry) for entry in result["value"]]
            if len(found) != len(addresses):
                raise ValueError(f"{len(found)} accounts for {len(addresses)} addresses")
            return read_context_slot(result), found

    async def program_addresses(self, program: Pubkey, query: AccountFilter) -> list[Pubkey]:
        """The addresses of a program's accounts that fit ``query``."""
        sizes = () if query.data_size is None else (query.data_size,)
        filters: list[dict[str, object]] = [{"dataSize": size} for size in sizes]
        filters += [
            {"memcmp": {"offset": offset, "bytes": base64.b64encode(expected).decode(), "encoding": "base64"}}
            for offset, expected in query.memcmp
        ]
        config = {
            "commitment": _COMMITMENT,
            "encoding": "base64",
            "filters": filters,
            "dataSlice": {"offset": 0, "length": 0},
        }
        result = await self._call("getProgramAccounts", str(program), config)
        with reading("getProgramAccounts"):
            return [read_pubkey(entry["pubkey"]) for entry in result]

    async def token_addresses(self, owner: Pubkey, program: Pubkey) -> list[Pubkey]:
        """The addresses of the token accounts that ``owner`` has with a token program."""
        config = {
            "commitment": _COMMITMENT,
            "encoding": "base64",
            "dataSlice": {"offset": 0, "length": 0},
        }
        result = await self._call("getTokenAccountsByOwner", str(owner), {"programId": str(program)}, config)
        with reading("getTokenAccountsByOwner"):
            return [read_pubkey(entry["pubkey"]) for entry in result["value"]]

    async def _call(self, method: str, *params: object) -> Any:
        return await self._persistently(lambda: self._rpc.call(method, *params))

    async def _persistently(self, ask: Callable[[], Awaitable[T]]) -> T:
        busy, unreachable = iter(self._backoff.busy), iter(self._backoff.unreachable)
        while True:
            try:
                return await ask()
            except ChainBusy:
                pause = next(busy, None)
                if pause is None:
                    raise
            except ChainUnreachable:
                pause = next(unreachable, None)
                if pause is None:
                    raise
            await asyncio.sleep(pause)


def _account(entry: Any) -> Account:
    content, encoding = entry["data"]
    if encoding != "base64":
        raise ValueError("account data is not base64")
    return Account(
        read_integer(entry["lamports"]),
        base64.b64decode(content, validate=True),
        read_pubkey(entry["owner"]),
        bool(entry["executable"]),
        read_integer(entry["rentEpoch"]),
    )
