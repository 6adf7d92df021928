"""Signing. Only processes that hold the wallet's key can sign."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import DexError, KeyUnavailable, TransactionTooLarge
from dex.signing.signer import Signer
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import sign_all
from dex.types import SignedTransaction
from orders.gateway import failures, last_checks, priority_fees, risk_limits
from orders.gateway.connection import connection
from orders.gateway.failures import Failure
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.routes import enters_new_pool
from orders.gateway.swap_plans import SwapToSign, Workbench, message_or_error, plan_or_error, prepare
from orders.gateway.wallet import signer
from orders.gateway.wallet_funds import SignedSwap, funds_of
from orders.lifecycle import FailureReason

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StaleQuote:
    """A swap that was not signed: its route is not to be taken any more, another one may be.

    The quote is older than QUOTE_LASTS_SLOTS, a pool has been switched off, or the transaction has grown too
    large. ``why`` is what it is where a new quote changes nothing about that.
    """

    why: FailureReason = FailureReason.CHAIN_UNAVAILABLE


def sign_swaps(swaps: Sequence[SwapToSign]) -> list[SignedSwap | StaleQuote | Failure]:
    """A signed transaction for each swap, or why there is none. One snapshot, one blockhash for all."""
    refusals = [
        risk_limits.refusal(
            swap.network, swap.wallet, str(swap.route.token_in), swap.max_amount_in, swap.slippage_bps
        )
        for swap in swaps
    ]
    permitted = [swap for swap, refusal in zip(swaps, refusals, strict=True) if refusal is None]
    signed = iter(_sign_permitted(permitted))
    return [refusal or next(signed) for refusal in refusals]


def _sign_permitted(swaps: Sequence[SwapToSign]) -> list[SignedSwap | StaleQuote | Failure]:
    if not swaps:
        return []
    try:
        wallet = signer()
        legs = [leg for swap in swaps for leg in swap.route.legs]
        newest = any(enters_new_pool(swap.bounds) for swap in swaps)
        bench = with_known_pools().run(prepare(connection(), legs, wallet.pubkey, newest=newest))
        held_up = _held_up(swaps, bench)
        ready = [swap for swap, why in zip(swaps, held_up, strict=True) if why is None]
        plans = _plans(ready, wallet.pubkey, bench)
    except DexError as error:
        _note_missing_key([error])
        return [failures.of_error(error)] * len(swaps)
    messages = [message_or_error(*pair, wallet.pubkey, bench) for pair in zip(plans, ready, strict=True)]
    transactions = _sign(messages, wallet, bench.blockhash.last_valid_block_height)
    signed = (_with_funds(*pair, bench.read_at) for pair in zip(transactions, plans, strict=True))
    return [why or next(signed) for why in held_up]


def _held_up(swaps: Sequence[SwapToSign], bench: Workbench) -> list[StaleQuote | Failure | None]:
    """What keeps each swap from being signed as it is, by what the chain and the database say now."""
    oldest = bench.snapshot.clock.slot - settings.QUOTE_LASTS_SLOTS
    off = left_out()
    found: list[StaleQuote | Failure | None] = []
    for swap in swaps:
        if last_checks.goes_over(swap.route, off):
            found.append(StaleQuote(FailureReason.POOL_DISABLED))
        elif swap.quoted_slot < oldest:
            found.append(StaleQuote())
        else:
            found.append(last_checks.unsafe_token(swap.route, bench.snapshot))
    return found


def _with_funds(
    signed: SignedTransaction | StaleQuote | Failure, plan: SwapPlan | DexError, read_at: datetime
) -> SignedSwap | StaleQuote | Failure:
    if not isinstance(signed, SignedTransaction):
        return signed
    if isinstance(plan, DexError):
        return failures.of_error(plan)
    return SignedSwap(replace(signed, account_seed=plan.account_seed), funds_of(plan, read_at))


def _plans(swaps: Sequence[SwapToSign], payer: Pubkey, bench: Workbench) -> list[SwapPlan | DexError]:
    unpriced = [plan_or_error(swap, payer, bench) for swap in swaps]
    bidders = [priority_fees.Bidder(swap.attempt, swap.fees_paid, swap.is_sniper) for swap in swaps]
    return priority_fees.with_bids(priority_fees.with_limits(unpriced), bidders)


def _sign(
    messages: Sequence[MessageV0 | DexError], wallet: Signer, last_valid_block_height: int
) -> list[SignedTransaction | StaleQuote | Failure]:
    to_sign = [message for message in messages if isinstance(message, MessageV0)]
    signed = iter(sign_all(to_sign, wallet, last_valid_block_height))
    results = [next(signed) if isinstance(message, MessageV0) else message for message in messages]
    _note_missing_key(results)
    return [_failed(result) if isinstance(result, DexError) else result for result in results]


def _failed(error: DexError) -> StaleQuote | Failure:
    # The price has moved to more tick or bin arrays since the route was found to fit.
    is_too_large = isinstance(error, TransactionTooLarge)
    return StaleQuote(FailureReason.ROUTING_FAILED) if is_too_large else failures.of_error(error)


def _note_missing_key(results: Iterable[object]) -> None:
    # An order only says that the key could not be used; why is for who runs the engine, once a batch.
    for text in sorted({str(result) for result in results if isinstance(result, KeyUnavailable)}):
        logger.error("nothing signed: %s", text)
