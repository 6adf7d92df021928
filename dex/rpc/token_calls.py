"""What a node reports of a token beside its mint: who holds most of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from solders.pubkey import Pubkey

from dex.rpc.answers import read_integer, read_pubkey, read_text, reading
from dex.rpc.jsonrpc import RpcClient


class TokenCalls(ABC):
    """Part of `SolanaRpc`; raises what that raises."""

    _rpc: RpcClient

    @abstractmethod
    def _config(self, min_context_slot: int | None = None) -> dict[str, object]: ...

    async def largest_holders(self, mint: Pubkey) -> list[tuple[Pubkey, int]]:
        """The token accounts that hold most of a mint, at most 20, with their base units, largest first."""
        result = await self._rpc.call("getTokenLargestAccounts", str(mint), self._config())
        with reading("getTokenLargestAccounts"):
            return [(read_pubkey(entry["address"]), _amount(entry["amount"])) for entry in result["value"]]


def _amount(value: object) -> int:
    return read_integer(int(read_text(value)))
