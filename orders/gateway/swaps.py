"""Signing. Only processes that hold the wallet's key can sign."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import DexError, KeyUnavailable, NoRoute
from dex.routing.router import accounts_of
from dex.rpc.answers import LatestBlockhash
from dex.signing.policy import check_policy
from dex.signing.signer import Signer
from dex.transactions.instructions import temporary_account_seed
from dex.transactions.swap_transaction import SwapPlan, build_message, sign_all
from dex.types import SignedTransaction, Snapshot
from dex.venues.base import Pool
from orders.gateway import failures, jito, priority_fees, risk_limits
from orders.gateway.connection import Connection, connection
from orders.gateway.failures import Failure
from orders.gateway.pools import with_known_pools
from orders.gateway.wallet import signer
from orders.gateway.wallet_funds import SignedSwap, funds_of, wallet_accounts

logger = logging.getLogger(__name__)

# Some 4 s: pools move on, and what is signed is to be what they give now.
QUOTE_LASTS_SLOTS: Final = 10


@dataclass(frozen=True, slots=True)
class SwapToSign:
    """An order's swap in the pool that routing chose; base units."""

    order_id: UUID
    attempt: int
    network: str
    wallet: str
    slippage_bps: int
    venue: str
    pool: str
    token_in: str
    token_out: str
    amount_in: int
    min_amount_out: int
    quoted_slot: int


@dataclass(frozen=True, slots=True)
class StaleQuote:
    """A swap that was not signed: its quote is older than `QUOTE_LASTS_SLOTS`."""


def sign_swaps(swaps: Sequence[SwapToSign]) -> list[SignedSwap | StaleQuote | Failure]:
    """A signed transaction for each swap, or why there is none. One snapshot, one blockhash."""
    refusals = [
        risk_limits.refusal(swap.network, swap.wallet, swap.token_in, swap.amount_in, swap.slippage_bps)
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
        read_at = timezone.now()
        pools, snapshot, blockhash = with_known_pools().run(_prepare(connection(), swaps, wallet.pubkey))
        oldest = snapshot.clock.slot - QUOTE_LASTS_SLOTS
        fresh = [swap for swap in swaps if swap.quoted_slot >= oldest]
        unpriced = [_plan_or_error(swap, wallet.pubkey, pools, snapshot, blockhash) for swap in fresh]
        plans = priority_fees.with_bids(priority_fees.with_limits(unpriced), [swap.attempt for swap in fresh])
    except DexError as error:
        _note_missing_key([error])
        return [failures.of_error(error)] * len(swaps)
    messages = [_message(plan, wallet.pubkey) for plan in plans]
    transactions = _sign(messages, wallet, blockhash.last_valid_block_height)
    signed = (_with_funds(*pair, read_at) for pair in zip(transactions, plans, strict=True))
    return [next(signed) if swap.quoted_slot >= oldest else StaleQuote() for swap in swaps]


def _with_funds(
    signed: SignedTransaction | Failure, plan: SwapPlan | DexError, read_at: datetime
) -> SignedSwap | Failure:
    if isinstance(signed, Failure):
        return signed
    if isinstance(plan, DexError):
        return failures.of_error(plan)
    return SignedSwap(signed, funds_of(plan, read_at))


async def _prepare(
    chain: Connection, swaps: Sequence[SwapToSign], wallet: Pubkey
) -> tuple[Mapping[str, Pool], Snapshot, LatestBlockhash]:
    await chain.require_network()
    pairs = {(Pubkey.from_string(swap.token_in), Pubkey.from_string(swap.token_out)) for swap in swaps}
    found = await asyncio.gather(*(chain.directory.pools(*pair) for pair in pairs))
    wanted = {swap.pool for swap in swaps}
    pools = {str(p.address): p for one in found for p in one.pools if str(p.address) in wanted}
    mints = [mint for pair in pairs for mint in pair]
    snapshot, blockhash = await asyncio.gather(
        chain.rpc.snapshot([*accounts_of(pools.values()), *wallet_accounts(wallet, mints)]),
        chain.rpc.latest_blockhash(),
    )
    return pools, snapshot, blockhash


def _plan_or_error(
    swap: SwapToSign,
    wallet: Pubkey,
    pools: Mapping[str, Pool],
    snapshot: Snapshot,
    blockhash: LatestBlockhash,
) -> SwapPlan | DexError:
    try:
        return _plan(swap, wallet, pools, snapshot, blockhash)
    except DexError as error:
        return error


def _message(plan: SwapPlan | DexError, wallet: Pubkey) -> MessageV0 | DexError:
    """What is to be signed, within the signer's policy, or why there is nothing."""
    if isinstance(plan, DexError):
        return plan
    try:
        message = build_message(plan)
        allowed = [venue.program_id for venue in connection().venues.values()]
        check_policy(message, wallet=wallet, allowed_programs=allowed, plan=plan)
    except DexError as error:
        return error
    return message


def _sign(
    messages: Sequence[MessageV0 | DexError], wallet: Signer, last_valid_block_height: int
) -> list[SignedTransaction | Failure]:
    to_sign = [message for message in messages if isinstance(message, MessageV0)]
    signed = iter(sign_all(to_sign, wallet, last_valid_block_height))
    results = [next(signed) if isinstance(message, MessageV0) else message for message in messages]
    _note_missing_key(results)
    return [failures.of_error(result) if isinstance(result, DexError) else result for result in results]


def _note_missing_key(results: Iterable[object]) -> None:
    # An order only says that the key could not be used; why is for who runs the engine, once a batch.
    for text in sorted({str(result) for result in results if isinstance(result, KeyUnavailable)}):
        logger.error("nothing signed: %s", text)


def _plan(
    swap: SwapToSign,
    payer: Pubkey,
    pools: Mapping[str, Pool],
    snapshot: Snapshot,
    blockhash: LatestBlockhash,
) -> SwapPlan:
    pool = pools.get(swap.pool)
    if pool is None:
        raise NoRoute(f"the pool {swap.pool} is not found any more")
    token_in, token_out = Pubkey.from_string(swap.token_in), Pubkey.from_string(swap.token_out)
    # Order id and attempt make two equal swaps two transactions, with two signatures.
    memo = f"order {swap.order_id} attempt {swap.attempt}"
    return SwapPlan(
        payer=payer,
        pool=pool,
        venue=connection().venues[swap.venue],
        snapshot=snapshot,
        token_in=token_in,
        token_out=token_out,
        token_in_program=snapshot.account(token_in).owner,
        token_out_program=snapshot.account(token_out).owner,
        amount_in=swap.amount_in,
        min_amount_out=swap.min_amount_out,
        memo=memo,
        account_seed=temporary_account_seed(memo),
        blockhash=blockhash.blockhash,
        last_valid_block_height=blockhash.last_valid_block_height,
        tip=jito.tip(memo),
    )
