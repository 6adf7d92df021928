"""The books of a wallet, read from the chain alone: what it holds and what its transactions did.

Nothing here trusts a row of the database: it is what the rows are held against.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import ChainAnswerInvalid, DexError
from dex.rpc.answers import ExecutedTransaction
from dex.rpc.confirmation import executed_swap
from dex.rpc.node import SolanaRpc
from orders.errors import ChainUnavailable
from orders.gateway.venues import venues
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
    """A transaction that is in a block; ``fee`` in lamports, ``memo`` is empty where there is none.

    ``is_own_swap``: the wallet paid for it, and it called a known venue's program. Anybody can name the
    wallet and write any memo; only its key signs as payer.
    """

    signature: str
    succeeded: bool
    fee: int
    memo: str
    is_own_swap: bool


class WalletAudit:
    """Reads one wallet's balances and history over connections of its own.

    Balances are those of the first node. Of the history each node is asked, and each has to answer: what one
    has not kept, or does not show, another one has.
    """

    def __init__(self, rpc_urls: Sequence[str], wallet: str) -> None:
        self._nodes = [SolanaRpc(url) for url in rpc_urls]
        self._rpc = self._nodes[0]
        self._wallet = Pubkey.from_string(wallet)
        self._swap_programs = {str(venue.program_id) for venue in venues()}
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
        """Every transaction of the wallet after ``signature``, each node's newest first.

        Raises ChainUnavailable, also where a transaction is listed that no node shows: nothing may be taken
        to have not happened because its details are missing.
        """
        listed = [self._signatures_since(node, signature) for node in self._nodes]
        signatures = list(dict.fromkeys(one for page in listed for one in page))
        landed: list[LandedTransaction] = []
        for start in range(0, len(signatures), _TRANSACTIONS_A_CALL):
            landed += self._landed(signatures[start : start + _TRANSACTIONS_A_CALL])
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

    def moved(self, swaps: Sequence[tuple[str, str, str]]) -> dict[str, tuple[int, int]]:
        """What swaps paid and received by their transactions' balances, by signature; base units.

        ``swaps`` are signatures with the mints in and out; one that the first node does not show as a swap of
        these is left out. Raises ChainUnavailable.
        """
        found: dict[str, tuple[int, int]] = {}
        for start in range(0, len(swaps), _TRANSACTIONS_A_CALL):
            page = swaps[start : start + _TRANSACTIONS_A_CALL]
            shown = self._run(self._rpc.transactions([signature for signature, _, _ in page]))
            for (signature, token_in, token_out), transaction in zip(page, shown, strict=True):
                if transaction is None:
                    continue
                mints = Pubkey.from_string(token_in), Pubkey.from_string(token_out)
                with suppress(ChainAnswerInvalid):
                    swap = executed_swap(transaction, self._wallet, *mints)
                    found[signature] = swap.amount_in, swap.amount_out
        return found

    def close(self) -> None:
        """Give the connections back."""
        for node in self._nodes:
            self._run(node.aclose())

    def _landed(self, signatures: Sequence[str]) -> list[LandedTransaction]:
        answers = [self._run(node.transactions(signatures)) for node in self._nodes]
        landed: list[LandedTransaction] = []
        for signature, shown in zip(signatures, zip(*answers, strict=True), strict=True):
            known = [self._read(one) for one in shown if one is not None]
            if not known:
                raise ChainUnavailable() from ChainAnswerInvalid(
                    f"{signature} is listed, and no node shows it"
                )
            # Where nodes differ, the one counts that says it has swapped.
            landed.append(max(known, key=lambda one: (one.succeeded, one.is_own_swap, one.memo)))
        return landed

    def _read(self, transaction: ExecutedTransaction) -> LandedTransaction:
        memo = _MEMO_LOG.search("\n".join(transaction.logs))
        return LandedTransaction(
            signature=transaction.signature,
            succeeded=transaction.error is None,
            fee=transaction.fee,
            memo=memo[1] if memo else "",
            is_own_swap=transaction.payer == str(self._wallet)
            and not self._swap_programs.isdisjoint(transaction.programs),
        )

    def _signatures_since(self, node: SolanaRpc, until: str | None) -> list[str]:
        signatures: list[str] = []
        while True:
            before = signatures[-1] if signatures else None
            page = self._run(node.signatures_for_address(self._wallet, until=until, before=before))
            signatures += page
            if len(page) < _PAGE:
                return signatures

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run(coroutine, _TIMEOUT_SECONDS)
        except (DexError, TimeoutError) as error:
            raise ChainUnavailable() from error
