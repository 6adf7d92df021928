"""What the chain says of transactions that were sent: statuses, amounts that moved, proof of death."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, urlsplit

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import ChainAnswerInvalid
from dex.rpc import confirmation
from dex.rpc.absence import DeadCheck, Fate, Observation, absent_since
from dex.rpc.answers import ExecutedTransaction, SignatureStatus
from dex.transactions.cost import cost_of
from dex.types import ExecutedSwap, TransactionCost
from orders.gateway import failures
from orders.gateway.connection import connection, node_urls
from orders.gateway.failures import Failure

logger = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What a status means for an attempt."""

    UNSEEN = "unseen"
    SEEN = "seen"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"
    FAILED = "failed"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The verdict on one signature; ``slot`` is the transaction's, or for UNSEEN the slot of the answer."""

    verdict: Verdict
    slot: int
    error: object = None


@dataclass(frozen=True, slots=True)
class SentSwap:
    """A sent transaction and what it was to swap; ``venues`` are those of its legs."""

    signature: str
    venues: tuple[str, ...]
    token_in: str
    token_out: str


@dataclass(frozen=True, slots=True)
class OnChainFailure:
    """A transaction that is in a block and failed: its signature is used up, and its fees are paid."""

    failure: Failure
    error_name: str
    cost: TransactionCost
    slot: int


def signature_statuses(signatures: Sequence[str], *, search_history: bool = False) -> list[StatusReport]:
    """The verdict on each signature; UNSEEN says nothing about whether it can still land. Raises DexError."""
    if not signatures:
        return []
    answer = connection().run(connection().rpc.signature_statuses(signatures, search_history=search_history))
    return [_status_report(status, answer.slot) for status in answer.statuses]


def executed_swaps(swaps: Sequence[SentSwap]) -> list[ExecutedSwap | None]:
    """What each confirmed swap moved, None where the node does not have it yet. Raises DexError."""
    if not swaps:
        return []
    found = connection().run(connection().rpc.transactions([swap.signature for swap in swaps]))
    return [
        None if transaction is None else _executed(swap, transaction)
        for swap, transaction in zip(swaps, found, strict=True)
    ]


def on_chain_failures(swaps: Sequence[SentSwap]) -> list[OnChainFailure | None]:
    """Why each failed transaction failed, None where the node does not have it yet. Raises DexError."""
    if not swaps:
        return []
    found = connection().run(connection().rpc.transactions([swap.signature for swap in swaps]))
    results: list[OnChainFailure | None] = []
    for swap, transaction in zip(swaps, found, strict=True):
        if transaction is None or transaction.error is None:
            results.append(None)
            continue
        known = connection().venues
        venues = [known[name] for name in swap.venues if name in known]
        sells_sol = swap.token_in == str(NATIVE_MINT)
        why = confirmation.failure_of(transaction.error, transaction.logs, venues, sells_sol=sells_sol)
        failure, cost = failures.of_kind(why.kind, why.name), cost_of(transaction, _payer(transaction))
        results.append(OnChainFailure(failure, why.name, cost, transaction.slot))
    return results


def landed_statuses(landed: Sequence[tuple[str, int]]) -> list[StatusReport]:
    """The verdict on signatures that were in the block of a slot, histories searched. Raises DexError.

    UNSEEN: a node that would remember it does not have it any more. FORGOTTEN: none remembers so far back.
    """
    reported = signature_statuses([signature for signature, _ in landed], search_history=True)
    missing = [at for at, one in enumerate(reported) if one.verdict is Verdict.UNSEEN]
    if not missing:
        return reported
    seen = connection().run(_observe([landed[at][0] for at in missing], past=-1))
    for index, at in enumerate(missing):
        gone = absent_since(seen, landed[at][1], index)
        if not gone:
            reported[at] = StatusReport(Verdict.SEEN if gone is False else Verdict.FORGOTTEN, landed[at][1])
    return reported


def prove_dead(checks: Sequence[tuple[str, DeadCheck]]) -> list[DeadCheck]:
    """One more look at each signature: height first, then status with history. Raises DexError.

    `DeadCheck` says how many looks make a proof.
    """
    if not checks:
        return []
    past = min(check.past for _, check in checks)
    seen = connection().run(_observe([signature for signature, _ in checks], past))
    looked = [check.observe(seen, index) for index, (_, check) in enumerate(checks)]
    for (signature, before), check in zip(checks, looked, strict=True):
        if check.fate is Fate.FORGOTTEN is not before.fate:
            logger.error("no node remembers whether %s landed: its order waits for one that does", signature)
    return looked


def dead_check(last_valid_block_height: int) -> DeadCheck:
    """The start of a proof that a transaction can no longer land."""
    return DeadCheck(last_valid_block_height)


def is_dead(check: DeadCheck) -> bool:
    """Whether the proof is complete."""
    return check.fate is Fate.DEAD


def has_landed(check: DeadCheck) -> bool:
    """Whether the transaction is in the history of a node, though its recent statuses may not have it."""
    return check.fate is Fate.LANDED


def explorer_url(network: str, signature: str) -> str:
    """Where people can look the transaction up.

    The node's address is in it for localnet only, and without user, path and query: elsewhere they hold
    access keys, and a network's name may be set wrong.
    """
    node = node_urls()[0] if network == "localnet" else ""
    return f"{settings.EXPLORER_URL}/tx/{signature}{_cluster(network, node)}"


@lru_cache(maxsize=8)
def _cluster(network: str, node_url: str) -> str:
    """What names the network in a page's address."""
    if network == "mainnet-beta":
        return ""
    if network == "localnet":
        node = urlsplit(node_url)
        address = f"{node.scheme}://{node.netloc.rpartition('@')[2]}"
        return f"?cluster=custom&customUrl={quote(address, safe='')}"
    return f"?cluster={network}"


def _executed(swap: SentSwap, transaction: ExecutedTransaction) -> ExecutedSwap | None:
    mints = Pubkey.from_string(swap.token_in), Pubkey.from_string(swap.token_out)
    try:
        return confirmation.executed_swap(transaction, _payer(transaction), *mints)
    except ChainAnswerInvalid as error:
        # One answer that makes no sense must not hold up the others of its batch; it is asked for again.
        logger.error("no amounts for %s: %s", swap.signature, error)
        return None


def _payer(transaction: ExecutedTransaction) -> Pubkey:
    # Not this worker's wallet: the key may have been changed since the transaction was signed.
    return Pubkey.from_string(transaction.payer)


async def _observe(signatures: Sequence[str], past: int) -> list[Observation]:
    # On another network no signature is ever found, and heights are other heights.
    await connection().require_network()
    return await connection().rpc.observe(signatures, past=past)


def _status_report(status: SignatureStatus | None, asked_at_slot: int) -> StatusReport:
    if status is None:
        return StatusReport(Verdict.UNSEEN, asked_at_slot)
    if status.commitment == "processed":
        return StatusReport(Verdict.SEEN, status.slot)
    if status.error is not None:
        return StatusReport(Verdict.FAILED, status.slot, status.error)
    verdict = Verdict.FINALIZED if status.commitment == "finalized" else Verdict.CONFIRMED
    return StatusReport(verdict, status.slot)
