"""The books of a wallet, read from the chain alone: what it holds and what its transactions did.

Nothing here trusts a row of the database: it is what the rows are held against.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import DexError
from dex.rpc.answers import ExecutedTransaction
from dex.rpc.node import SolanaRpc
from orders.errors import ChainUnavailable
from orders.platform.loop_thread import LoopThread

Result = TypeVar("Result")

NATIVE: Final = str(NATIVE_MINT)

_PAGE: Final = 1_000
_TRANSACTIONS_A_CALL: Final = 100
_TIMEOUT_SECONDS: Final = 60
# The text of a memo is in the log: SPL Memo (processor.rs) writes `Memo (len N): "text"`, localnet's
# stand-in a line each.
_MEMO_LOG: Final = re.compile(r'Program log: Memo \(len \d+\)(?:: "|\nProgram log: )([^"\n]*)')


@dataclass(frozen=True, slots=True)
class LandedTransaction:
    """A transaction that is in a block; ``fee`` in lamports, ``memo`` is empty where there is none."""

    signature: str
    succeeded: bool
    fee: int
    memo: str


class WalletAudit:
    """Reads one wallet's balances and history over a connection of its own."""

    def __init__(self, rpc_url: str, wallet: str) -> None:
        self._rpc = SolanaRpc(rpc_url)
        self._wallet = Pubkey.from_string(wallet)
        self._loop = LoopThread("wallet-audit")

    def balances(self) -> Mapping[str, int]:
        """Base units by mint, lamports under SOL's mint; raises ChainUnavailable."""
        held = self._run(self._rpc.balances(self._wallet))
        return {str(mint): amount for mint, amount in held.tokens.items()} | {NATIVE: held.lamports}

    def newest_signature(self) -> str | None:
        """The wallet's last transaction, None for a wallet without any; raises ChainUnavailable."""
        newest = self._run(self._rpc.signatures_for_address(self._wallet, limit=1))
        return newest[0] if newest else None

    def landed_since(self, signature: str | None) -> list[LandedTransaction]:
        """Every transaction of the wallet after ``signature``, newest first; raises ChainUnavailable."""
        signatures = self._signatures_since(signature)
        landed: list[LandedTransaction] = []
        for start in range(0, len(signatures), _TRANSACTIONS_A_CALL):
            chunk = signatures[start : start + _TRANSACTIONS_A_CALL]
            found = self._run(self._rpc.transactions(chunk))
            landed += [_landed(transaction) for transaction in found if transaction is not None]
        return landed

    def succeeded(self, signatures: Sequence[str]) -> set[str]:
        """Those that the chain knows as confirmed without an error; raises ChainUnavailable."""
        if not signatures:
            return set()
        answer = self._run(self._rpc.signature_statuses(signatures, search_history=True))
        return {
            signature
            for signature, status in zip(signatures, answer.statuses, strict=True)
            if status is not None and status.error is None and status.commitment != "processed"
        }

    def close(self) -> None:
        """Give the connection back."""
        self._run(self._rpc.aclose())

    def _signatures_since(self, until: str | None) -> list[str]:
        signatures: list[str] = []
        while True:
            before = signatures[-1] if signatures else None
            page = self._run(self._rpc.signatures_for_address(self._wallet, until=until, before=before))
            signatures += page
            if len(page) < _PAGE:
                return signatures

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run(coroutine, _TIMEOUT_SECONDS)
        except (DexError, TimeoutError) as error:
            raise ChainUnavailable() from error


def _landed(transaction: ExecutedTransaction) -> LandedTransaction:
    memo = _MEMO_LOG.search("\n".join(transaction.logs))
    text = memo[1] if memo else ""
    return LandedTransaction(transaction.signature, transaction.error is None, transaction.fee, text)
